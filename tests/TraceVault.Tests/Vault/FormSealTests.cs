using System.Net;
using System.Security.Cryptography;
using TraceVault.Tests.Pages;
using TraceVault.Vault;

namespace TraceVault.Tests.Vault;

public class FormSealTests
{
    private static readonly string Other = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    [Theory]
    [InlineData(TestServer.MasterKey, true)]
    [InlineData("new:{0},default:" + TestServer.MasterKey, true)]
    [InlineData("new:{0}", false)]
    public async Task A_form_that_was_open_during_a_restart_is_taken_under_a_master_key_that_is_still_there(string masterKeys, bool isTaken)
    {
        await using var database = await TestDatabase.CreateAsync("sqlite");
        string token, cookie;
        await using (var before = await TestServer.StartAsync(database))
        {
            using var browser = new PageClient(before.Url);
            token = PageClient.FormToken(await browser.ReadAsync("/auth/setup"));
            cookie = browser.Cookies.GetCookies(before.Url)["tv_form"]!.Value;
        }

        await using var server = await TestServer.StartAsync(
            database, settings: $"--EncryptionKey={masterKeys.Replace("{0}", Other, StringComparison.Ordinal)}");
        using var later = new PageClient(server.Url);
        later.Cookies.Add(server.Url, new Cookie("tv_form", cookie, "/"));
        using var answer = await later.SendAsync("/auth/setup",
            ("form_token", token), ("setup_token", TestServer.SetupToken), ("email", TestServer.Email), ("password", TestServer.Password));

        Assert.Equal(isTaken ? HttpStatusCode.SeeOther : HttpStatusCode.BadRequest, answer.StatusCode);
        if (!isTaken)
        {
            await later.SetUpAsync(); // a form that is loaded again is accepted
        }

        Assert.DoesNotContain(server.Log.Lines, line => line.Contains("   at ", StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_protected_opens_for_its_purpose_alone_and_differs_each_time()
    {
        var protector = Seal(TestServer.MasterKey).CreateProtector("forms").CreateProtector("v1");
        var token = protector.Protect([1, 2, 3]);

        Assert.Equal([1, 2, 3], Seal(TestServer.MasterKey).CreateProtector("forms").CreateProtector("v1").Unprotect(token));
        Assert.NotEqual(token, protector.Protect([1, 2, 3]));
        Assert.Throws<CryptographicException>(() => Seal(TestServer.MasterKey).CreateProtector("forms").Unprotect(token));
        Assert.Throws<CryptographicException>(() => Seal(TestServer.MasterKey).CreateProtector("formsv1").Unprotect(token));
        Assert.Throws<CryptographicException>(() => Seal(Other).CreateProtector("forms").CreateProtector("v1").Unprotect(token));
    }

    [Fact]
    public void What_was_changed_or_cut_at_any_place_does_not_open()
    {
        var protector = Seal(TestServer.MasterKey).CreateProtector("forms");
        var token = protector.Protect([1, 2, 3]);
        for (var at = 0; at < token.Length; at++)
        {
            var changed = token.ToArray();
            changed[at] ^= 1;
            Assert.Throws<CryptographicException>(() => protector.Unprotect(changed));
            Assert.Throws<CryptographicException>(() => protector.Unprotect(token[..at]));
        }
    }

    private static FormSeal Seal(string masterKeys) => new(KeyRing.Parse(masterKeys, "TRACEVAULT_ENCRYPTION_KEY"));
}

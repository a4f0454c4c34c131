using System.Net;
using System.Security.Cryptography;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using TraceVault.Storage;
using TraceVault.Tests.Pages;

namespace TraceVault.Tests.Vault;

public class DataProtectionTests
{
    private static CancellationToken Cancel => Patience.Cancel;

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_form_that_was_open_during_a_restart_is_taken_and_the_keys_are_sealed(string engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        string token, cookie;
        await using (var before = await TestServer.StartAsync(database))
        {
            Assert.Single(await KeysAsync(before)); // no first form waits for one
            using var browser = new PageClient(before.Url);
            token = PageClient.FormToken(await browser.ReadAsync("/auth/setup"));
            cookie = browser.Cookies.GetCookies(before.Url)["tv_form"]!.Value;
        }

        await using var server = await TestServer.StartAsync(database);
        using var later = new PageClient(server.Url);
        later.Cookies.Add(server.Url, new Cookie("tv_form", cookie, "/"));
        using var answer = await later.SendAsync("/auth/setup",
            ("form_token", token), ("setup_token", TestServer.SetupToken), ("email", TestServer.Email), ("password", TestServer.Password));

        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        var key = Assert.Single(await KeysAsync(server));
        Assert.Contains("<sealed key=", key);
        Assert.DoesNotContain("<masterKey", key);
    }

    [Fact]
    public async Task Without_the_old_master_key_open_forms_are_refused_once_and_new_ones_work()
    {
        await using var database = await TestDatabase.CreateAsync("sqlite");
        await using (var before = await TestServer.StartAsync(database))
        {
            using var browser = new PageClient(before.Url);
            await browser.ReadAsync("/auth/setup");
        }

        await using var server = await TestServer.StartAsync(database, settings: $"--EncryptionKey=other:{Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))}");
        using var later = new PageClient(server.Url);
        await later.SetUpAsync();

        Assert.Contains("Your proxy", await later.ReadAsync("/me/proxy/"));
        Assert.Contains(server.Log.Lines, line => line.Contains("under a master key that is not in TRACEVAULT_ENCRYPTION_KEY", StringComparison.Ordinal));
        Assert.DoesNotContain(server.Log.Lines, line => line.Contains("   at ", StringComparison.Ordinal));
    }

    private static async Task<List<string>> KeysAsync(TestServer server)
    {
        await using var connection = await server.Services.GetRequiredService<Database>().ConnectAsync(Cancel);
        return (await connection.QueryAsync<string>("select xml from data_protection_keys")).AsList();
    }
}

using System.Net;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace TraceVault.Tests.Pages;

public class ForgedFormTests
{
    private static CancellationToken Cancel => Patience.Cancel;

    [Fact]
    public async Task Every_page_that_changes_something_refuses_a_form_without_our_token_whether_it_reads_the_form_or_not()
    {
        await using var server = await TestServer.StartAsync();
        using var browser = new PageClient(server.Url);
        await browser.SetUpAsync();
        var changes = Changes(server);
        var own = PageClient.FormToken(await browser.ReadAsync("/me/proxy/"));
        await using var other = await TestServer.StartAsync(
            settings: $"--EncryptionKey={Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))}");
        using var elsewhere = new PageClient(other.Url);
        string[] foreign = ["x", own[..^4] + "AAAA", PageClient.FormToken(await elsewhere.ReadAsync("/auth/setup"))];

        foreach (var path in changes)
        {
            using var forged = await browser.SendAsync(path, ("email", TestServer.Email), ("key", TestServer.AnthropicKey), ("name", "x"));
            Assert.True(forged.StatusCode is HttpStatusCode.BadRequest, $"{path} answered {forged.StatusCode} to a forged form");
            Assert.Contains("out of date", await forged.Content.ReadAsStringAsync(Cancel));
            foreach (var token in foreign)
            {
                using var answer = await browser.SendAsync(path, ("form_token", token));
                Assert.True(answer.StatusCode is HttpStatusCode.BadRequest, $"{path} took a foreign token");
            }
        }

        Assert.Contains(server.Log.Lines, line => line.Contains("A form for /me/proxy/key was refused", StringComparison.Ordinal));
        Assert.Contains("/auth/logout", changes); // reads no form
        Assert.Contains("/me/proxy/remove", changes);
        Assert.Contains("Your proxy", await browser.ReadAsync("/me/proxy/")); // and nobody was signed out
    }

    [Fact]
    public async Task A_token_that_was_given_to_somebody_else_or_before_the_sign_in_is_refused()
    {
        await using var server = await TestServer.StartAsync();
        using var attacker = new PageClient(server.Url);
        using var victim = new PageClient(server.Url);
        await victim.SetUpAsync();
        var foreign = PageClient.FormToken(await attacker.ReadAsync("/auth/login"));

        using var forged = await victim.SendAsync("/me/proxy/remove", ("form_token", foreign));

        Assert.Equal(HttpStatusCode.BadRequest, forged.StatusCode);
    }

    /// <summary>The paths of all endpoints that take a POST and are pages.</summary>
    private static IReadOnlyList<string> Changes(TestServer server) =>
    [
        .. server.Services.GetRequiredService<IEnumerable<EndpointDataSource>>()
            .SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods.Contains("POST") == true)
            .Select(endpoint => "/" + endpoint.RoutePattern.RawText!.TrimStart('/'))
            .Where(path => !path.StartsWith("/api/", StringComparison.Ordinal) && !path.StartsWith("/proxy/", StringComparison.Ordinal))
            .Select(path => path.Replace("{token}", "x", StringComparison.Ordinal).Replace("{id}", "x", StringComparison.Ordinal)),
    ];
}

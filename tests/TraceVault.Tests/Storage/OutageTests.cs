using System.Net;

namespace TraceVault.Tests.Storage;

public class OutageTests
{
    private static CancellationToken Cancel => Patience.Cancel;

    [Fact]
    public async Task An_outage_is_told_once_when_it_begins_and_once_when_it_ends_whoever_notices_it()
    {
        await using var database = await TestDatabase.CreateAsync("postgres");
        await using var server = await TestServer.StartAsync(database);
        var token = await server.SetUpWithKeyAsync();

        await database.GoAwayAsync();
        for (var i = 0; i < 5; i++)
        {
            using var api = await server.ApiAsync(HttpMethod.Get, "/api/v1/me", token);
            using var page = await server.Client.GetAsync("/auth/login", Cancel);
            using var proxied = await server.Client.SendAsync(server.ProxyRequest(token, "/v1/models"), Cancel);
            using var ready = await server.Client.GetAsync("/readyz", Cancel);
            Assert.All([api, page, proxied, ready], answer => Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode));
        }

        Assert.StartsWith(
            "Error TraceVault.Storage.Outage", Assert.Single(server.Log.Lines, line => line.Contains("database is unavailable")));
        await database.ComeBackAsync();
        await server.Log.WaitForAsync("The database is available again", Cancel); // though nobody asks for anything

        using var after = await server.ApiAsync(HttpMethod.Get, "/api/v1/me", token);
        Assert.Equal(HttpStatusCode.OK, after.StatusCode);
        Assert.Single(server.Log.Lines, line => line.Contains("database is unavailable"));
        Assert.Single(server.Log.Lines, line => line.Contains("available again"));
    }
}

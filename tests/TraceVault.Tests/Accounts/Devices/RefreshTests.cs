using System.Net;
using Dapper;
using Microsoft.Extensions.Time.Testing;
using TraceVault.Accounts;
using TraceVault.Accounts.Devices;
using TraceVault.Tests.Proxy;

namespace TraceVault.Tests.Accounts.Devices;

public class RefreshTests
{
    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_refresh_replaces_both_tokens_of_the_session(string engine)
    {
        await using var rig = await ProxyRig.StartAsync(engine: engine);
        var (device, tokens) = await SignInAsync(rig);
        var session = await SessionAsync(rig, tokens["access_token"]);
        Assert.Equal(HttpStatusCode.OK, (await rig.CallAsync(token: tokens["access_token"], cancel: Patience.Cancel)).Status);

        var next = await device.RefreshAsync(tokens["refresh_token"]);

        Assert.Equal(HttpStatusCode.OK, next.Status);
        Assert.Equal("invalid_token", (await rig.CallAsync(token: tokens["access_token"], cancel: Patience.Cancel)).Code);
        Assert.Equal(HttpStatusCode.OK, (await rig.CallAsync(token: next["access_token"], cancel: Patience.Cancel)).Status);
        Assert.Equal(session, await SessionAsync(rig, next["access_token"]));
        Assert.NotEqual(tokens["refresh_token"], next["refresh_token"]);
        Assert.Equal(("Bearer", TestServer.Email), (next["token_type"], next["email"]));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_refresh_token_that_is_used_again_later_ends_the_session(string engine)
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var rig = await ProxyRig.StartAsync(engine: engine, clock: clock);
        var (device, stolen) = await SignInAsync(rig);
        var next = await device.RefreshAsync(stolen["refresh_token"]);
        await rig.CallAsync(token: next["access_token"], cancel: Patience.Cancel);
        clock.Advance(SessionTokens.Grace + TimeSpan.FromSeconds(1));

        var again = await device.RefreshAsync(stolen["refresh_token"]);

        Assert.Equal((HttpStatusCode.Unauthorized, "invalid_grant"), (again.Status, again.Error));
        Assert.Equal("invalid_token", (await rig.CallAsync(token: next["access_token"], cancel: Patience.Cancel)).Code);
        Assert.Equal("invalid_grant", (await device.RefreshAsync(next["refresh_token"])).Error);
        Assert.Equal("session.refresh_reused", (await DeviceSignInTests.ActionsAsync(rig.Database)).Last());
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_refresh_token_from_long_ago_ends_the_session_as_well(string engine)
    {
        await using var rig = await ProxyRig.StartAsync(engine: engine);
        var (device, first) = await SignInAsync(rig);
        var last = await device.RefreshAsync(first["refresh_token"]);
        for (var i = 0; i < 3; i++)
        {
            last = await device.RefreshAsync(last["refresh_token"]);
        }

        Assert.Equal("invalid_grant", (await device.RefreshAsync(first["refresh_token"])).Error);

        Assert.Equal("invalid_token", (await rig.CallAsync(token: last["access_token"], cancel: Patience.Cancel)).Code);
        Assert.Equal("invalid_grant", (await device.RefreshAsync(last["refresh_token"])).Error);
        Assert.Equal("session.refresh_reused", (await DeviceSignInTests.ActionsAsync(rig.Database)).Last());
        await using var connection = await rig.Database.OpenAsync();
        Assert.Equal(0, await connection.ExecuteScalarAsync<long>("select count(*) from spent_refresh_tokens"));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Refreshes_at_once_and_one_after_a_lost_answer_get_the_same_tokens(string engine)
    {
        await using var rig = await ProxyRig.StartAsync(engine: engine);
        var (device, tokens) = await SignInAsync(rig);

        var replies = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => device.RefreshAsync(tokens["refresh_token"])));
        var late = await device.RefreshAsync(tokens["refresh_token"]);

        Assert.All(replies, reply => Assert.Equal((late["access_token"], late["refresh_token"]), (reply["access_token"], reply["refresh_token"])));
        Assert.Equal(HttpStatusCode.OK, (await rig.CallAsync(token: late["access_token"], cancel: Patience.Cancel)).Status);
        Assert.Null((await device.RefreshAsync(late["refresh_token"])).Error);
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Refreshing_keeps_a_session_for_ninety_days_and_no_longer(string engine)
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var rig = await ProxyRig.StartAsync(engine: engine, clock: clock);
        var (device, tokens) = await SignInAsync(rig);
        for (var day = 29; day < 90; day += 29)
        {
            clock.Advance(TimeSpan.FromDays(29));
            tokens = await device.RefreshAsync(tokens["refresh_token"]);
            Assert.Equal((long)Min(Sessions.Lifetime, TimeSpan.FromDays(90 - day)).TotalSeconds, tokens.Json.GetProperty("expires_in").GetInt64());
        }

        clock.Advance(TimeSpan.FromDays(3.1));

        Assert.Equal("invalid_grant", (await device.RefreshAsync(tokens["refresh_token"])).Error);
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Revoking_either_token_ends_both(string engine)
    {
        await using var rig = await ProxyRig.StartAsync(engine: engine);
        foreach (var name in (string[])["access_token", "refresh_token"])
        {
            var (device, tokens) = await SignInAsync(rig);
            Assert.Equal(HttpStatusCode.OK, (await rig.CallAsync(token: tokens["access_token"], cancel: Patience.Cancel)).Status);

            Assert.Equal(HttpStatusCode.OK, (await device.RevokeAsync(tokens[name])).Status);
            Assert.Equal(HttpStatusCode.OK, (await device.RevokeAsync(tokens[name])).Status);

            Assert.Equal("invalid_token", (await rig.CallAsync(token: tokens["access_token"], cancel: Patience.Cancel)).Code);
            Assert.Equal("invalid_grant", (await device.RefreshAsync(tokens["refresh_token"])).Error);
            Assert.Equal("session.signed_out", (await DeviceSignInTests.ActionsAsync(rig.Database)).Last());
        }
    }

    [Theory, InlineData("tvs_"), InlineData("unknown"), InlineData("")]
    public async Task Nothing_but_a_live_refresh_token_refreshes(string kind)
    {
        await using var rig = await ProxyRig.StartAsync();
        var (device, tokens) = await SignInAsync(rig);
        var token = kind switch
        {
            "tvs_" => tokens["access_token"],
            "unknown" => AccessToken.Create(TokenKind.Refresh).Reveal(),
            _ => "mistyped",
        };

        var reply = await device.RefreshAsync(token);

        Assert.Equal((HttpStatusCode.Unauthorized, "invalid_grant"), (reply.Status, reply.Error));
        Assert.Null((await device.RefreshAsync(tokens["refresh_token"])).Error);
    }

    private static async Task<(DeviceClient Device, OAuthReply Tokens)> SignInAsync(ProxyRig rig)
    {
        var device = new DeviceClient(rig.Server);
        using var owner = new PageVisitor(rig.Server).SignedIn(rig.Token);
        return (device, await device.SignInAsync(owner));
    }

    private static async Task<string?> SessionAsync(ProxyRig rig, string token) =>
        (await rig.Server.ApiJsonAsync(HttpMethod.Get, "/api/v1/me", token)).GetProperty("session").GetProperty("id").GetString();

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}

using System.Net;
using Dapper;
using TraceVault.Accounts;
using TraceVault.Devices;

namespace TraceVault.Tests.Devices;

public class RefreshTests
{
    private const string Home = "192.0.2.7", Elsewhere = "198.51.100.9";

    private static readonly TimeSpan Hours = TimeSpan.FromHours(9);

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_refresh_replaces_both_tokens_of_the_session_and_windows_that_share_it_have_some_minutes_to_notice(string engine)
    {
        await using var rig = await RefreshRig.StartAsync(engine);
        var tokens = rig.First;
        var session = await rig.SessionAsync(tokens);
        Assert.Null(await rig.UseAsync(tokens));

        var next = await rig.RefreshAsync(Home, tokens);

        Assert.Equal(HttpStatusCode.OK, next.Status);
        Assert.Equal("Bearer", next["token_type"]);
        Assert.NotEqual(tokens["refresh_token"], next["refresh_token"]);
        Assert.Equal((session, session), (await rig.SessionAsync(tokens), await rig.SessionAsync(next)));
        rig.Clock.Advance(SessionTokens.Overlap - TimeSpan.FromSeconds(3));
        Assert.Equal((null, null), (await rig.UseAsync(tokens), await rig.UseAsync(next)));
        rig.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(("expired_token", null), (await rig.UseAsync(tokens), await rig.UseAsync(next)));
        using var page = await rig.Server.ApiAsync(HttpMethod.Get, "/api/v1/me", tokens["access_token"]);
        Assert.Equal(HttpStatusCode.Unauthorized, page.StatusCode);
    }

    /// <summary>Claude Code asks "use this address?" if the answer holds one.</summary>
    [Fact]
    public async Task The_tokens_come_without_an_address()
    {
        await using var rig = await RefreshRig.StartAsync("sqlite");

        Assert.Equal(
            ["access_token", "token_type", "expires_in", "refresh_token"], rig.First.Json.EnumerateObject().Select(field => field.Name));
    }

    /// <summary>All earlier access tokens end, because windows refresh one after the other.</summary>
    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Ending_a_session_ends_the_access_tokens_before_as_well(string engine)
    {
        await using var rig = await RefreshRig.StartAsync(engine);
        var second = await rig.RefreshAsync(Home, rig.First);
        var third = await rig.RefreshAsync(Home, second);
        Assert.Equal((null, null, null), (await rig.UseAsync(rig.First), await rig.UseAsync(second), await rig.UseAsync(third)));

        Assert.Equal(HttpStatusCode.OK, (await new DeviceClient(rig.Server).RevokeAsync(rig.First["access_token"])).Status);

        Assert.Equal(
            ("invalid_token", "invalid_token", "invalid_token"),
            (await rig.UseAsync(rig.First), await rig.UseAsync(second), await rig.UseAsync(third)));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_stolen_old_refresh_token_ends_nothing_but_the_attempt(string engine)
    {
        await using var rig = await RefreshRig.StartAsync(engine);
        var last = await rig.RefreshAsync(Home, rig.First);
        for (var i = 0; i < 3; i++)
        {
            rig.Clock.Advance(Hours);
            Assert.Null(await rig.UseAsync(last));
            last = await rig.RefreshAsync(Home, last);
        }

        rig.Clock.Advance(Hours); // the laptop sleeps
        Assert.Equal("invalid_grant", (await rig.RefreshAsync(Elsewhere, rig.First)).Error);
        Assert.Equal("invalid_grant", (await rig.RefreshAsync(Elsewhere, rig.First)).Error);

        Assert.Null(await rig.UseAsync(last));
        Assert.Null((await rig.RefreshAsync(Home, last)).Error);
        Assert.Equal(1, await rig.CountAsync("session.refresh_refused")); // not once for each try
        Assert.Equal(0, await rig.CountAsync("session.refresh_reused"));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_thief_who_refreshed_first_loses_everything_when_the_owner_comes_back(string engine)
    {
        await using var rig = await RefreshRig.StartAsync(engine);
        Assert.Null(await rig.UseAsync(rig.First));
        var stolen = await rig.RefreshAsync(Elsewhere, rig.First);
        Assert.Null(await rig.UseAsync(stolen));
        rig.Clock.Advance(Hours);

        var owner = await rig.RefreshAsync(Home, rig.First);

        Assert.Equal((HttpStatusCode.Unauthorized, "invalid_grant"), (owner.Status, owner.Error));
        Assert.Equal("invalid_token", await rig.UseAsync(stolen));
        Assert.Equal("invalid_grant", (await rig.RefreshAsync(Elsewhere, stolen)).Error);
        Assert.Equal("session.refresh_reused", (await DeviceSignInTests.ActionsAsync(rig.Database)).Last());
        await using var connection = await rig.Database.OpenAsync();
        Assert.Equal(0, await connection.ExecuteScalarAsync<long>("select count(*) from spent_refresh_tokens"));
    }

    /// <summary>
    /// The token was issued at home. Now it is used in a café, where the laptop may be, and at a third place. Nobody can tell which of the
    /// two is the owner, so the session ends for both (RFC 9700 §4.14.2).
    /// </summary>
    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task If_nobody_can_tell_the_owner_from_the_thief_the_session_ends(string engine)
    {
        await using var rig = await RefreshRig.StartAsync(engine);
        var next = await rig.RefreshAsync(Elsewhere, rig.First);
        Assert.Null(await rig.UseAsync(next));
        rig.Clock.Advance(Hours);

        Assert.Equal("invalid_grant", (await rig.RefreshAsync("203.0.113.5", rig.First)).Error);

        Assert.Equal("invalid_token", await rig.UseAsync(next));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_window_that_slept_is_refused_and_the_one_at_work_goes_on(string engine)
    {
        await using var rig = await RefreshRig.StartAsync(engine);
        var atWork = await rig.RefreshAsync(Elsewhere, rig.First); // the laptop was carried there
        Assert.Null(await rig.UseAsync(atWork));
        rig.Clock.Advance(Hours);

        Assert.Equal("invalid_grant", (await rig.RefreshAsync(Elsewhere, rig.First)).Error);

        Assert.Null(await rig.UseAsync(atWork));
        Assert.Null((await rig.RefreshAsync(Elsewhere, atWork)).Error);
    }

    /// <summary>
    /// Its lid was closed while the answer was on its way. Another window went on with the access token that both had, until the token
    /// expired.
    /// </summary>
    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_laptop_that_slept_through_the_answer_to_its_refresh_goes_on(string engine)
    {
        await using var rig = await RefreshRig.StartAsync(engine);
        var lost = await rig.RefreshAsync(Home, rig.First);
        rig.Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Null(await rig.UseAsync(rig.First));
        await rig.SessionAsync(rig.First);
        rig.Clock.Advance(Hours);
        Assert.Equal("invalid_grant", (await rig.RefreshAsync(Elsewhere, rig.First)).Error); // a thief gets no tokens, and ends no session

        var again = await rig.RefreshAsync(Home, rig.First);

        Assert.Equal((lost["access_token"], lost["refresh_token"]), (again["access_token"], again["refresh_token"]));
        Assert.Null(await rig.UseAsync(again));
        Assert.Null((await rig.RefreshAsync(Home, again)).Error);
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Refreshes_at_once_and_one_after_a_lost_answer_get_the_same_tokens(string engine)
    {
        await using var rig = await RefreshRig.StartAsync(engine);

        var replies = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => rig.RefreshAsync(i % 2 == 0 ? Home : Elsewhere, rig.First)));
        Assert.Null(await rig.UseAsync(replies[0]));
        var late = await rig.RefreshAsync(Home, rig.First);

        Assert.All(
            replies, reply => Assert.Equal((late["access_token"], late["refresh_token"]), (reply["access_token"], reply["refresh_token"])));
        Assert.Null(await rig.UseAsync(late));
        Assert.Null((await rig.RefreshAsync(Home, late)).Error);
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_thief_and_an_owner_at_once_do_not_end_each_other_and_the_owner_goes_on(string engine)
    {
        await using var rig = await RefreshRig.StartAsync(engine);
        var next = await rig.RefreshAsync(Home, rig.First);
        Assert.Null(await rig.UseAsync(next));
        rig.Clock.Advance(Hours);

        var replies = await Task.WhenAll(
            [rig.RefreshAsync(Home, next), .. Enumerable.Range(0, 4).Select(_ => rig.RefreshAsync(Elsewhere, rig.First))]);

        Assert.Null(replies[0].Error);
        Assert.All(replies[1..], reply => Assert.Equal("invalid_grant", reply.Error));
        Assert.Null(await rig.UseAsync(replies[0]));
        Assert.Equal(1, await rig.CountAsync("session.refresh_refused"));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_client_that_refreshes_in_a_loop_fills_no_table(string engine)
    {
        await using var rig = await RefreshRig.StartAsync(engine);
        var last = rig.First;
        for (var i = 0; i < SessionTokens.MaxSpent + 10; i++)
        {
            last = await rig.RefreshAsync(Home, last);
            rig.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        await using var connection = await rig.Database.OpenAsync();
        Assert.Equal(SessionTokens.MaxSpent, await connection.ExecuteScalarAsync<long>("select count(*) from spent_refresh_tokens"));
        Assert.Equal("invalid_grant", (await rig.RefreshAsync(Home, rig.First)).Error);
        Assert.Null(await rig.UseAsync(last));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Refreshing_keeps_a_session_for_ninety_days_and_no_longer(string engine)
    {
        await using var rig = await RefreshRig.StartAsync(engine);
        var tokens = await rig.RefreshAsync(Home, rig.First);
        for (var day = 29; day < 90; day += 29)
        {
            rig.Clock.Advance(TimeSpan.FromDays(29));
            tokens = await rig.RefreshAsync(Home, tokens);
            Assert.Equal(
                (long)Min(Sessions.Lifetime, TimeSpan.FromDays(90 - day)).TotalSeconds, tokens.Json.GetProperty("expires_in").GetInt64());
        }

        rig.Clock.Advance(TimeSpan.FromDays(3.1));

        Assert.Equal("invalid_grant", (await rig.RefreshAsync(Home, tokens)).Error);
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Revoking_either_token_ends_both(string engine)
    {
        await using var rig = await RefreshRig.StartAsync(engine);
        foreach (var name in (string[])["access_token", "refresh_token"])
        {
            var tokens = await rig.SignInAsync(Home);
            Assert.Null(await rig.UseAsync(tokens));
            rig.Clock.Advance(TimeSpan.FromSeconds(1));

            Assert.Equal(HttpStatusCode.OK, (await new DeviceClient(rig.Server).RevokeAsync(tokens[name])).Status);
            Assert.Equal(HttpStatusCode.OK, (await new DeviceClient(rig.Server).RevokeAsync(tokens[name])).Status);

            Assert.Equal("invalid_token", await rig.UseAsync(tokens));
            Assert.Equal("invalid_grant", (await rig.RefreshAsync(Home, tokens)).Error);
            Assert.Equal("session.signed_out", (await DeviceSignInTests.ActionsAsync(rig.Database)).Last());
        }
    }

    [Theory, InlineData("tvs_"), InlineData("unknown"), InlineData("")]
    public async Task Nothing_but_a_live_refresh_token_refreshes(string kind)
    {
        await using var rig = await RefreshRig.StartAsync("sqlite");
        var token = kind switch
        {
            "tvs_" => rig.First["access_token"],
            "unknown" => AccessToken.Create(TokenKind.Refresh).Reveal(),
            _ => "mistyped",
        };

        var reply = await new DeviceClient(rig.Server).RefreshAsync(token);

        Assert.Equal((HttpStatusCode.Unauthorized, "invalid_grant"), (reply.Status, reply.Error));
        Assert.Null((await rig.RefreshAsync(Home, rig.First)).Error);
    }

    /// <summary>Whoever gives up after the approval never shows the tokens.</summary>
    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_device_session_that_nobody_uses_ends_after_minutes(string engine)
    {
        await using var rig = await RefreshRig.StartAsync(engine);
        var (used, refreshed, asked) = (await rig.SignInAsync(Home), await rig.SignInAsync(Home), await rig.SignInAsync(Home));
        rig.Clock.Advance(Sessions.Unused - TimeSpan.FromSeconds(3));
        Assert.Equal((long)Sessions.Lifetime.TotalSeconds, rig.First.Json.GetProperty("expires_in").GetInt64()); // as soon as it is used
        Assert.Null(await rig.UseAsync(used));
        Assert.NotNull(await rig.SessionAsync(asked));
        refreshed = await rig.RefreshAsync(Home, refreshed);
        rig.Clock.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal("expired_token", await rig.UseAsync(rig.First));
        Assert.Equal("invalid_grant", (await rig.RefreshAsync(Home, rig.First)).Error);
        rig.Clock.Advance(TimeSpan.FromDays(29));
        Assert.Equal((null, null, null), (await rig.UseAsync(used), await rig.UseAsync(refreshed), await rig.UseAsync(asked)));
        // and the owner's own
        Assert.Equal(3 + 1, (await rig.Server.ApiJsonAsync(HttpMethod.Get, "/api/v1/me/sessions", used["access_token"])).GetArrayLength());
    }

    /// <summary>The proxy takes the end of a session from its row, as every other part of the server does.</summary>
    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task The_proxy_the_api_and_the_refresh_end_a_session_at_the_same_moment(string engine)
    {
        await using var rig = await RefreshRig.StartAsync(engine);
        Assert.Null(await rig.UseAsync(rig.First));
        rig.Clock.Advance(TimeSpan.FromHours(1));
        var next = await rig.RefreshAsync(Home, rig.First);
        await using (var connection = await rig.Database.OpenAsync())
        {
            await connection.ExecuteAsync(
                "update auth_sessions set expires_at = @at", new { at = rig.Clock.GetUtcNow().AddMinutes(20).ToUnixTimeMilliseconds() });
        }

        rig.Clock.Advance(TimeSpan.FromMinutes(20));
        using var api = await rig.Server.ApiAsync(HttpMethod.Get, "/api/v1/me", next["access_token"]);
        Assert.Equal(HttpStatusCode.Unauthorized, api.StatusCode);
        Assert.Equal("invalid_grant", (await rig.RefreshAsync(Home, next)).Error);
        Assert.Equal("expired_token", await rig.UseAsync(next));
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}

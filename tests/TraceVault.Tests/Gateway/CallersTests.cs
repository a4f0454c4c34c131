using System.Data.Common;
using System.Net;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using TraceVault.Accounts;
using TraceVault.Changes;
using TraceVault.Gateway;

namespace TraceVault.Tests.Gateway;

public class CallersTests
{
    private static CancellationToken Cancel => Patience.Cancel;

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Ending_a_session_holds_from_the_next_request_on(string engine)
    {
        await using var rig = await ProxyRig.StartAsync(engine: engine);
        var other = await rig.Server.LogInAsync();
        Assert.Equal(HttpStatusCode.OK, (await rig.CallAsync(token: other, cancel: Cancel)).Status);
        var sessions = await rig.Server.ApiJsonAsync(HttpMethod.Get, "/api/v1/me/sessions", rig.Token);
        var id = sessions.EnumerateArray().Single(s => !s.GetProperty("current").GetBoolean()).GetProperty("id").GetString();

        using var ended = await rig.Server.ApiAsync(HttpMethod.Delete, $"/api/v1/me/sessions/{id}", rig.Token);

        Assert.Equal("invalid_token", (await rig.CallAsync(token: other, cancel: Cancel)).Code);
        Assert.Equal(HttpStatusCode.OK, (await rig.CallAsync(cancel: Cancel)).Status);
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_changed_key_and_cap_hold_from_the_next_request_on(string engine)
    {
        const string Replacement = "sk-ant-api03-the-second-key-0123456789";
        await using var rig = await ProxyRig.StartAsync(engine: engine);
        await rig.CallAsync(cancel: Cancel);

        await rig.Server.StoreKeyAsync(rig.Token, Replacement, maxConcurrent: 1);
        await rig.CallAsync(cancel: Cancel);
        using var removed = await rig.Server.ApiAsync(HttpMethod.Delete, "/api/v1/me/anthropic-key", rig.Token);
        var after = await rig.CallAsync(cancel: Cancel);

        Assert.Equal(
            [TestServer.AnthropicKey, Replacement, Replacement],
            rig.Upstream.Requests.Select(r => r.Header("x-api-key").Single())); // the replacement was also tried when it was stored
        Assert.Equal("no_key", after.Code);
    }

    [Fact]
    public async Task Changes_amid_a_crowd_of_requests_are_never_missed()
    {
        await using var rig = await ProxyRig.StartAsync();
        var cancel = Cancel; // one token for all calls, because each token takes a timer
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var crowd = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await rig.CallAsync(path: "/v1/models", cancel: cancel);
            }
        })).ToList();

        for (var i = 0; i < 40; i++)
        {
            var key = $"sk-ant-api03-number-{i:D4}-0123456789";
            await rig.Server.StoreKeyAsync(rig.Token, key);
            var (_, _, answer) = await rig.CallAsync(path: $"/v1/models?mine={i}", cancel: Cancel);
            Assert.Equal(key, rig.Upstream.Requests.Single(r => r.Target.EndsWith($"mine={i}")).Header("x-api-key").Single());
        }

        await stop.CancelAsync();
        await Task.WhenAll(crowd);
    }

    [Fact]
    public async Task A_warm_request_touches_no_database_and_an_outage_is_survived_for_the_grace_time()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var rig = await ProxyRig.StartAsync(engine: "postgres", clock: clock);
        var cold = await rig.Server.LogInAsync();
        await rig.CallAsync(cancel: Cancel);

        await rig.Database.GoAwayAsync();
        Assert.Equal(HttpStatusCode.OK, (await rig.CallAsync(cancel: Cancel)).Status);
        clock.Advance(TimeSpan.FromMinutes(9.9));
        Assert.Equal(HttpStatusCode.OK, (await rig.CallAsync(cancel: Cancel)).Status);
        var (status, code, answer) = await rig.CallAsync(token: cold, cancel: Cancel);
        Assert.Equal((503, "unavailable", "2"), ((int)status, code, answer.Headers.GetValues("retry-after").Single()));
        using var api = await rig.Server.ApiAsync(HttpMethod.Get, "/api/v1/me", rig.Token);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, api.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(2), api.Headers.RetryAfter!.Delta);
        using var degraded = await rig.Server.Client.GetAsync("/readyz", Cancel);
        Assert.Equal(HttpStatusCode.OK, degraded.StatusCode); // it still serves users whose sessions are in memory
        Assert.StartsWith(
            """{"status":"degraded","reason":"the database is unavailable; 1 """, await degraded.Content.ReadAsStringAsync(Cancel));
        clock.Advance(TimeSpan.FromMinutes(0.2));
        Assert.Equal("unavailable", (await rig.CallAsync(cancel: Cancel)).Code);
        using var unready = await rig.Server.Client.GetAsync("/readyz", Cancel);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, unready.StatusCode);

        await rig.Database.ComeBackAsync();
        clock.Advance(TimeSpan.FromSeconds(2)); // the time that retry-after gave
        Assert.Equal(HttpStatusCode.OK, (await rig.CallAsync(cancel: Cancel)).Status);
        Assert.Equal(HttpStatusCode.OK, (await rig.CallAsync(token: cold, cancel: Cancel)).Status);
        using var readyAgain = await rig.Server.Client.GetAsync("/readyz", Cancel);
        Assert.Equal(HttpStatusCode.OK, readyAgain.StatusCode);
        Assert.DoesNotContain(TestServer.AnthropicKey, rig.Server.Log.Text);
    }

    [Fact]
    public async Task A_database_that_lets_nobody_in_any_more_is_one_that_is_away()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var rig = await ProxyRig.StartAsync(engine: "postgres", clock: clock);
        var cold = await rig.Server.LogInAsync();
        await rig.CallAsync(cancel: Cancel);

        await rig.Database.RefuseSignInAsync();
        clock.Advance(TimeSpan.FromMinutes(1)); // the copy is old now
        Assert.Equal(HttpStatusCode.OK, (await rig.CallAsync(cancel: Cancel)).Status);
        Assert.Equal("unavailable", (await rig.CallAsync(token: cold, cancel: Cancel)).Code);
        clock.Advance(TimeSpan.FromMinutes(1));
        await rig.Server.Log.WaitForAsync("Times of last use are not written yet", Cancel);
        Assert.Contains("database_unavailable", await rig.Server.Client.GetStringAsync("/readyz", Cancel));

        Assert.Equal(HttpStatusCode.OK, (await rig.CallAsync(cancel: Cancel)).Status);
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_session_ended_elsewhere_is_served_no_more_once_its_copy_is_old(string engine)
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var rig = await ProxyRig.StartAsync(engine: engine, clock: clock);
        await rig.CallAsync(cancel: Cancel);
        await using var connection = await rig.Database.OpenAsync();
        await connection.ExecuteAsync("delete from auth_sessions");

        clock.Advance(Callers.Fresh - TimeSpan.FromMilliseconds(1));
        Assert.Equal(HttpStatusCode.OK, (await rig.CallAsync(cancel: Cancel)).Status);
        clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal("invalid_token", (await rig.CallAsync(cancel: Cancel)).Code);
    }

    /// <summary>While the database hangs, one request in two seconds waits for a second, and no other request waits.</summary>
    [Fact]
    public async Task While_the_database_hangs_an_old_copy_serves_after_a_second()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var rig = await ProxyRig.StartAsync(engine: "postgres", clock: clock);
        await rig.CallAsync(cancel: Cancel);
        await using var holder = await rig.Database.OpenAsync();
        clock.Advance(Callers.Fresh);

        await TakeTooLongAsync(rig, clock, holder, "select 1");
        Assert.Equal(HttpStatusCode.OK, (await rig.CallAsync(cancel: Cancel)).Status); // at once: the clock stands still
        await holder.ExecuteAsync("rollback");
    }

    [Fact]
    public async Task After_a_slow_renewal_further_copies_are_renewed_without_waiting()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var rig = await ProxyRig.StartAsync(engine: "postgres", clock: clock);
        var ended = await rig.Server.LogInAsync();
        await rig.CallAsync(cancel: Cancel);
        await rig.CallAsync(token: ended, cancel: Cancel);
        await using var holder = await rig.Database.OpenAsync();
        clock.Advance(Callers.Fresh);
        await TakeTooLongAsync(rig, clock, holder, "rollback");
        await holder.ExecuteAsync("delete from auth_sessions where token_hash = @Hash", new { Hash = HashOf(ended) });

        var patience = Cancel;
        while ((await rig.CallAsync(token: ended, cancel: patience)).Code is not "invalid_token") // though the clock stands still
        {
            patience.ThrowIfCancellationRequested();
        }
    }

    [Fact]
    public async Task A_copy_that_is_outdated_while_it_is_renewed_serves_no_more_however_long_that_takes()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var rig = await ProxyRig.StartAsync(engine: "postgres", clock: clock);
        await rig.CallAsync(cancel: Cancel);
        await using var holder = await rig.Database.OpenAsync();
        var user = await holder.ExecuteScalarAsync<string>("select id from users");
        clock.Advance(Callers.Fresh);

        var waiting = await TakeTooLongAsync(rig, clock, holder, "delete from auth_sessions; commit", () =>
            rig.Server.Services.GetRequiredService<ChangeFeed>().Tell(new ChangeNotice(ChangeKind.Access, user!)));

        Assert.Equal("invalid_token", waiting.Code);
    }

    private static byte[] HashOf(string token) => AccessToken.TryRead(token, out var read) ? read.Hash.ToBytes() : [];

    /// <summary>Has a renewal wait for a locked table for longer than a request waits for it.</summary>
    /// <param name="end">SQL that ends the lock.</param>
    /// <param name="meanwhile">What happens while the request waits.</param>
    /// <returns>The answer to the request.</returns>
    private static async Task<(HttpStatusCode Status, string? Code)> TakeTooLongAsync(
        ProxyRig rig, FakeTimeProvider clock, DbConnection holder, string end, Action? meanwhile = null)
    {
        await holder.ExecuteAsync("begin; lock table auth_sessions in access exclusive mode");
        var waiting = rig.CallAsync(cancel: Cancel);
        await using var looking = await rig.Database.OpenAsync();
        while (await looking.ExecuteScalarAsync<long>("select count(*) from pg_locks where not granted") == 0)
        {
            await Task.Yield(); // until the renewal waits for the table
        }

        meanwhile?.Invoke();
        Assert.False(waiting.IsCompleted);
        clock.Advance(Callers.LongestRenewal);
        if (meanwhile is null)
        {
            Assert.Equal(HttpStatusCode.OK, (await waiting).Status);
        }

        await holder.ExecuteAsync(end);
        var (status, code, _) = await waiting;
        return (status, code);
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task The_last_use_is_written_behind_the_requests_and_at_the_end(string engine)
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var rig = await ProxyRig.StartAsync(engine: engine, clock: clock);
        await rig.CallAsync(cancel: Cancel);
        clock.Advance(TimeSpan.FromHours(5));
        await rig.CallAsync(cancel: Cancel);
        var used = clock.GetUtcNow();

        await rig.Server.Services.GetServices<Microsoft.Extensions.Hosting.IHostedService>().OfType<LastUseWriter>().Single().WriteAsync(
            Cancel);
        var key = await rig.Server.ApiJsonAsync(HttpMethod.Get, "/api/v1/me/anthropic-key", rig.Token);
        clock.Advance(TimeSpan.FromHours(1));
        await rig.CallAsync(cancel: Cancel);
        await rig.Server.StopAsync();

        Assert.Equal(used.UtcDateTime, key.GetProperty("last_used_at").GetDateTime());
        await using var connection = await rig.Database.OpenAsync();
        Assert.Equal(
            clock.GetUtcNow().ToUnixTimeMilliseconds(),
            await connection.ExecuteScalarAsync<long>("select last_used_at from auth_sessions"));
        Assert.Equal(
            clock.GetUtcNow().AddDays(30).ToUnixTimeMilliseconds(),
            await connection.ExecuteScalarAsync<long>("select expires_at from auth_sessions"));
    }
}

using System.Data.Common;
using System.Net;
using System.Text.Json;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using TraceVault.Accounts;
using TraceVault.Changes;
using TraceVault.Identity;
using TraceVault.Storage;

namespace TraceVault.Tests.Audit;

public class AuditLogTests
{
    private const string KeyPath = "/api/v1/me/anthropic-key", TokenPath = "/api/v1/me/tokens", SessionPath = "/api/v1/me/sessions";
    private const string Owner = TestServer.Email, Origin = "from laptop/1.0 127.0.0.1";

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Each_change_of_a_key_is_one_event(string engine)
    {
        await using var rig = await AuditRig.StartAsync(engine);

        await rig.CallAsync(HttpMethod.Put, KeyPath, new { key = TestServer.AnthropicKey });
        await rig.CallAsync(HttpMethod.Put, KeyPath, new { key = TestServer.AnthropicKey, max_concurrent = 7 });
        await rig.CallAsync(HttpMethod.Put, KeyPath, new { max_concurrent = 8 });
        await rig.CallAsync(HttpMethod.Delete, KeyPath);
        await rig.CallAsync(HttpMethod.Delete, KeyPath); // nothing left to remove
        await rig.CallAsync(HttpMethod.Put, KeyPath, new { max_concurrent = 9 }); // refused: there is no key
        await rig.CallAsync(HttpMethod.Put, KeyPath, new { key = TestServer.AnthropicKey });

        Assert.Equal(
            [
                $"key.set done by {Owner} on {Owner} (anthropic) {Origin}",
                $"key.replaced done by {Owner} on {Owner} (anthropic) {Origin}",
                $"key.cap_changed done by {Owner} on {Owner} (8) {Origin}",
                $"key.removed done by {Owner} on {Owner} (anthropic) {Origin}",
                $"key.set done by {Owner} on {Owner} (anthropic) {Origin}",
            ],
            await rig.EventsAsync());
        Assert.Equal(0, await rig.CountAsync(
            $"audit_events where at > {AuditRig.Start.ToUnixTimeMilliseconds()} and (actor_id <> '{rig.OwnerId}' or "
            + $"subject_id <> '{rig.OwnerId}')"));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Of_many_keys_stored_at_once_one_was_set_and_the_others_replaced_it(string engine)
    {
        await using var rig = await AuditRig.StartAsync(engine);

        await Task.WhenAll(
            Enumerable.Range(0, 8).Select(_ => rig.CallAsync(HttpMethod.Put, KeyPath, new { key = TestServer.AnthropicKey })));

        var events = await rig.EventsAsync();
        Assert.Single(events, each => each.StartsWith("key.set", StringComparison.Ordinal));
        Assert.Equal(7, events.Count(each => each.StartsWith("key.replaced", StringComparison.Ordinal)));
    }

    /// <summary>Nobody may delete from the log, so nobody may fill it; and what only takes something away is never refused.</summary>
    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Somebody_who_changes_their_key_in_a_loop_is_stopped_and_nobody_else_is(string engine)
    {
        await using var rig = await AuditRig.StartAsync(engine);
        var other = await rig.AddUserAsync("ada@example.com", "member");
        var before = await rig.CountAsync("audit_events");
        await rig.CallAsync(HttpMethod.Put, KeyPath, new { key = TestServer.AnthropicKey });
        for (var i = 1; i < AuditLog.MaxChanges; i++)
        {
            using var changed = await rig.CallAsync(HttpMethod.Put, KeyPath, new { max_concurrent = (i % 9) + 1 });
            Assert.Equal(HttpStatusCode.NoContent, changed.StatusCode);
        }

        using var refused = await rig.CallAsync(HttpMethod.Put, KeyPath, new { max_concurrent = 77 });
        using var key = await rig.CallAsync(HttpMethod.Put, KeyPath, new { key = TestServer.AnthropicKey });
        var status = JsonElement.Parse(await (await rig.CallAsync(HttpMethod.Get, KeyPath)).Content.ReadAsStringAsync(Patience.Cancel));
        using var others = await rig.Server.ApiAsync(HttpMethod.Put, KeyPath, other, new { key = TestServer.AnthropicKey });
        using var token = await rig.CallAsync(HttpMethod.Post, TokenPath, new { name = "another kind of change" });
        using var removed = await rig.CallAsync(HttpMethod.Delete, KeyPath);
        rig.Clock.Advance(AuditLog.Window);
        using var later = await rig.CallAsync(HttpMethod.Put, KeyPath, new { key = TestServer.AnthropicKey });

        Assert.Equal([HttpStatusCode.TooManyRequests, HttpStatusCode.TooManyRequests], [refused.StatusCode, key.StatusCode]);
        Assert.Equal("application/problem+json", refused.Content.Headers.ContentType!.MediaType);
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.NotEqual(77, status.GetProperty("max_concurrent").GetInt32());
        Assert.Equal(
            [HttpStatusCode.NoContent, HttpStatusCode.Created, HttpStatusCode.NoContent, HttpStatusCode.NoContent],
            [others.StatusCode, token.StatusCode, removed.StatusCode, later.StatusCode]);
        Assert.Equal(AuditLog.MaxChanges + 4, await rig.CountAsync("audit_events") - before);
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_token_is_made_and_revoked_under_its_name(string engine)
    {
        await using var rig = await AuditRig.StartAsync(engine);

        using var created = await rig.CallAsync(HttpMethod.Post, TokenPath, new { name = "build server" });
        var id = JsonElement.Parse(await created.Content.ReadAsStringAsync(Patience.Cancel)).GetProperty("id").GetString();
        await rig.CallAsync(HttpMethod.Delete, $"{TokenPath}/{id}");
        await rig.CallAsync(HttpMethod.Delete, $"{TokenPath}/{id}"); // revoked already

        Assert.Equal(
            [
                $"token.created done by {Owner} on {Owner} (build server) {Origin}",
                $"token.revoked done by {Owner} on {Owner} (build server) {Origin}"
            ],
            await rig.EventsAsync());
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_secret_that_a_client_calls_itself_reaches_neither_the_log_nor_the_sessions(string engine)
    {
        await using var rig = await AuditRig.StartAsync(engine);
        rig.Server.Client.DefaultRequestHeaders.UserAgent.ParseAdd(rig.Token);

        await rig.LogInAsync(Owner, "some other words");
        await rig.LogInAsync(Owner);

        Assert.All(await rig.EventsAsync(), each => Assert.EndsWith("from laptop/1.0 [redacted] 127.0.0.1", each));
        Assert.Equal(1, await rig.CountAsync("auth_sessions where client = 'laptop/1.0 [redacted]'"));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Ending_all_other_sessions_is_one_event_that_counts_them(string engine)
    {
        await using var rig = await AuditRig.StartAsync(engine);
        var colleague = await rig.AddUserAsync("member@example.com", "member");
        var others = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            rig.Clock.Advance(TimeSpan.FromSeconds(1));
            others.Add(await rig.Server.LogInAsync());
        }

        var before = (await rig.EventsAsync()).Count;

        using var ended = await rig.CallAsync(HttpMethod.Delete, SessionPath);
        using var again = await rig.CallAsync(HttpMethod.Delete, SessionPath);

        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NoContent), (ended.StatusCode, again.StatusCode));
        Assert.Equal([$"session.others_ended done by {Owner} on {Owner} (3) {Origin}"], (await rig.EventsAsync()).Skip(before));
        foreach (var (token, status) in (IEnumerable<(string, HttpStatusCode)>)[
            .. others.Select(each => (each, HttpStatusCode.Unauthorized)),
            (rig.Token, HttpStatusCode.OK),
            (colleague, HttpStatusCode.OK)])
        {
            using var answer = await rig.Server.ApiAsync(HttpMethod.Get, "/api/v1/me", token);
            Assert.Equal(status, answer.StatusCode);
        }
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Sign_ins_and_their_ends_are_events_of_their_session(string engine)
    {
        await using var rig = await AuditRig.StartAsync(engine);

        rig.Clock.Advance(TimeSpan.FromSeconds(1));
        var second = await rig.Server.LogInAsync();
        var session = (await rig.Server.ApiJsonAsync(HttpMethod.Get, "/api/v1/me", second))
            .GetProperty("session").GetProperty("id").GetString();
        await rig.CallAsync(HttpMethod.Delete, $"{SessionPath}/{session}");
        await rig.LogInAsync(Owner, "some other words");
        await rig.LogInAsync("nobody@example.com", "some other words");
        var own = (await rig.Server.ApiJsonAsync(HttpMethod.Get, "/api/v1/me", rig.Token))
            .GetProperty("session").GetProperty("id").GetString();
        await rig.CallAsync(HttpMethod.Post, "/api/v1/auth/logout");

        Assert.Equal(
            [
                $"session.signed_in done by {Owner} on {Owner} ({session}) {Origin}",
                $"session.ended done by {Owner} on {Owner} ({session}) {Origin}",
                $"session.signed_in failed by - on {Owner} {Origin}",
                $"session.signed_in failed by - on - {Origin}",
                $"session.signed_out done by {Owner} on {Owner} ({own}) {Origin}",
            ],
            await rig.EventsAsync());
    }

    /// <summary>Attempts that fail are refused: otherwise somebody who may not disable accounts could fill the log by trying.</summary>
    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task What_takes_something_away_is_never_refused_for_being_too_much(string engine)
    {
        await using var rig = await AuditRig.StartAsync(engine);
        var actor = new Actor("busy", "busy@example.com", new Origin(null, null));
        await using var connection = await rig.Server.Services.GetRequiredService<Database>().OpenWriterAsync(Patience.Cancel);
        await connection.ExecuteAsync(
            "insert into audit_events (id, at, action, outcome, actor_id) values (@Id, @At, @Action, 'done', 'busy')",
            Enumerable.Range(0, 2 * AuditLog.MaxFrequent).Select(i => new
            {
                Id = $"{i}",
                At = rig.Clock.GetUtcNow().ToUnixTimeMilliseconds(),
                Action = i % 2 == 0 ? AuditActions.SignIn : AuditActions.Invited,
            }));

        await AppendAsync(AuditActions.AllSessionsEnded, AuditOutcome.Done);
        await AppendAsync(AuditActions.Disabled, AuditOutcome.Done);
        await Assert.ThrowsAsync<TooManyChangesException>(() => AppendAsync(AuditActions.Disabled, AuditOutcome.Refused));
        await Assert.ThrowsAsync<TooManyChangesException>(() => AppendAsync(AuditActions.SignIn, AuditOutcome.Done));

        Task AppendAsync(string action, AuditOutcome outcome) => rig.Server.Services.GetRequiredService<AuditLog>().AppendAsync(
            connection, null, new AuditEvent(action, actor, "somebody", "somebody@example.com", Outcome: outcome), Patience.Cancel);
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Guessing_is_refused_in_one_event_however_often_it_goes_on(string engine)
    {
        await using var rig = await AuditRig.StartAsync(engine);

        await Task.WhenAll(Enumerable.Range(0, SignInThrottle.PerAccount + 4).Select(_ => rig.LogInAsync(Owner, "some other words")));
        for (var i = 0; i < 5; i++)
        {
            using var refused = await rig.LogInAsync(Owner);
            Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        }

        var events = await rig.EventsAsync();
        Assert.Equal(SignInThrottle.PerAccount, events.Count(each => each == $"session.signed_in failed by - on {Owner} {Origin}"));
        Assert.Single(events, each => each == $"session.signed_in refused by - on {Owner} {Origin}");
        Assert.Equal(SignInThrottle.PerAccount + 1, events.Count);
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task The_last_attempt_that_is_allowed_refuses_nobody_when_it_succeeds(string engine)
    {
        await using var rig = await AuditRig.StartAsync(engine);
        for (var i = 1; i < SignInThrottle.PerAccount; i++)
        {
            await rig.LogInAsync(Owner, "some other words");
        }

        using var right = await rig.LogInAsync(Owner);

        Assert.Equal(HttpStatusCode.OK, right.StatusCode);
        Assert.DoesNotContain(await rig.EventsAsync(), each => each.Contains("refused", StringComparison.Ordinal));
    }

    /// <summary>If the log cannot be written, nothing of the change is kept either.</summary>
    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Without_its_event_no_change_is_made(string engine)
    {
        await using var rig = await AuditRig.StartAsync(engine);
        await rig.Server.LogInAsync();
        using var made = await rig.CallAsync(HttpMethod.Post, TokenPath, new { name = "kept" });
        var kept = JsonElement.Parse(await made.Content.ReadAsStringAsync(Patience.Cancel)).GetProperty("id").GetString();
        await rig.ExecuteAsync(engine == "sqlite"
            ? "create trigger no_more before insert on audit_events begin select raise(abort, 'no more'); end"
            : "create trigger no_more before insert on audit_events for each statement execute function audit_events_append_only()");

        foreach (var (method, path, body) in (IEnumerable<(HttpMethod, string, object?)>)[
            (HttpMethod.Put, KeyPath, new { key = TestServer.AnthropicKey }),
            (HttpMethod.Post, TokenPath, new { name = "ci" }),
            (HttpMethod.Delete, $"{TokenPath}/{kept}", null),
            (HttpMethod.Delete, SessionPath, null), (HttpMethod.Post, "/api/v1/auth/logout", null)])
        {
            using var answer = await rig.CallAsync(method, path, body);
            Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        }

        Assert.Equal(
            (0, 1, 2),
            (await rig.CountAsync("user_anthropic_keys"), await rig.CountAsync("proxy_tokens"), await rig.CountAsync("auth_sessions")));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task The_database_refuses_to_change_or_forget_an_event(string engine)
    {
        await using var rig = await AuditRig.StartAsync(engine);
        var count = await rig.CountAsync("audit_events");

        foreach (var sql in (IEnumerable<string>)[
            "update audit_events set actor_email = 'x'", "delete from audit_events",
            engine == "sqlite"
                ? "insert or replace into audit_events select id, 0, 'x', 'x', null, null, null, null, null, null, null from audit_events"
                : "truncate audit_events"])
        {
            var problem = await Assert.ThrowsAnyAsync<DbException>(() => rig.ExecuteAsync(sql));
            Assert.Contains("the audit log is append-only", problem.Message);
        }

        Assert.Equal(count, await rig.CountAsync("audit_events where action <> 'x'"));
    }
}

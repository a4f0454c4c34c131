using System.Net;
using Dapper;
using Microsoft.Extensions.Time.Testing;

namespace TraceVault.Tests.Accounts;

public class SessionTests
{
    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_session_slides_while_it_is_used_and_ends_after_ninety_days(string engine)
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var server = await TestServer.StartAsync(database, clock: clock);
        var token = await server.SetUpAsync();

        for (var day = 29; day < 90; day += 29)
        {
            clock.Advance(TimeSpan.FromDays(29));
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(server, token));
        }

        clock.Advance(TimeSpan.FromDays(3.1));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(server, token));
    }

    [Fact]
    public async Task The_API_takes_a_token_in_either_header_and_not_two_tokens()
    {
        await using var server = await TestServer.StartAsync();
        var token = await server.SetUpAsync();

        Assert.Equal(HttpStatusCode.OK, await AskAsync(("x-api-key", token)));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(("x-api-key", token), ("authorization", $"Bearer {token}")));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(("x-api-key", "another"), ("authorization", $"Bearer {token}")));

        async Task<HttpStatusCode> AskAsync(params (string Name, string Value)[] headers)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/me");
            Array.ForEach(headers, header => request.Headers.Add(header.Name, header.Value));
            using var answer = await server.Client.SendAsync(request, Patience.Cancel);
            return answer.StatusCode;
        }
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task An_unused_session_ends_after_thirty_days_and_the_answer_says_so(string engine)
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var server = await TestServer.StartAsync(database, clock: clock);
        var token = await server.SetUpAsync();

        clock.Advance(TimeSpan.FromDays(30.01));

        using var answer = await server.ApiAsync(HttpMethod.Get, "/api/v1/me", token);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Contains("expired at 2026-01-31", await answer.Content.ReadAsStringAsync(Patience.Cancel));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Sessions_are_listed_and_ended_one_by_one(string engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var server = await TestServer.StartAsync(database);
        server.Client.DefaultRequestHeaders.UserAgent.ParseAdd("laptop/1.0");
        var laptop = await server.SetUpAsync();
        server.Client.DefaultRequestHeaders.UserAgent.Clear();
        server.Client.DefaultRequestHeaders.UserAgent.ParseAdd("phone/2.0");
        var phone = await server.LogInAsync();

        var sessions = (await server.ApiJsonAsync(HttpMethod.Get, "/api/v1/me/sessions", laptop)).EnumerateArray().ToList();
        var other = sessions.Single(s => !s.GetProperty("current").GetBoolean());
        using var ended = await server.ApiAsync(HttpMethod.Delete, $"/api/v1/me/sessions/{other.GetProperty("id").GetString()}", laptop);
        using var again = await server.ApiAsync(HttpMethod.Delete, $"/api/v1/me/sessions/{other.GetProperty("id").GetString()}", laptop);

        Assert.Equal(2, sessions.Count);
        Assert.Equal("phone/2.0", other.GetProperty("client").GetString());
        Assert.Equal("127.0.0.1", other.GetProperty("address").GetString());
        Assert.Equal(HttpStatusCode.NoContent, ended.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, again.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(server, phone));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(server, laptop));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Signing_out_ends_the_session(string engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var server = await TestServer.StartAsync(database);
        var token = await server.SetUpAsync();

        using var out1 = await server.ApiAsync(HttpMethod.Post, "/api/v1/auth/logout", token);
        using var out2 = await server.ApiAsync(HttpMethod.Post, "/api/v1/auth/logout", token);

        Assert.Equal(HttpStatusCode.NoContent, out1.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, out2.StatusCode);
        await using var connection = await database.OpenAsync();
        Assert.Equal(0, await connection.ExecuteScalarAsync<long>("select count(*) from auth_sessions"));
    }

    /// <summary>Somebody who signs in in a loop, or a script that never signs out.</summary>
    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_user_has_a_bounded_number_of_sessions_and_the_one_unused_for_longest_ends(string engine)
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var server = await TestServer.StartAsync(database, clock: clock);
        var first = await server.SetUpAsync();
        clock.Advance(TimeSpan.FromSeconds(1));
        var idle = await server.LogInAsync();
        for (var i = 0; i < TraceVault.Accounts.Sessions.MaxPerUser - 2; i++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await server.LogInAsync();
        }

        clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(server, first)); // used, so that another is the oldest
        using (var warm = await server.Client.SendAsync(server.ProxyRequest(idle, "/v1/models"), Patience.Cancel))
        {
            Assert.Equal("no_key", warm.Headers.GetValues("x-tracevault-error").Single());
        }

        clock.Advance(TimeSpan.FromSeconds(1));
        var last = await server.LogInAsync();

        using var ended = await server.Client.SendAsync(server.ProxyRequest(idle, "/v1/models"), Patience.Cancel);
        Assert.Equal("invalid_token", ended.Headers.GetValues("x-tracevault-error").Single());
        Assert.Equal(
            [HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.Unauthorized],
            [await StatusAsync(server, first), await StatusAsync(server, last), await StatusAsync(server, idle)]);
        await using var connection = await database.OpenAsync();
        Assert.Equal(
            TraceVault.Accounts.Sessions.MaxPerUser, await connection.ExecuteScalarAsync<long>("select count(*) from auth_sessions"));
        Assert.Equal(
            "1", await connection.QuerySingleAsync<string>("select target from audit_events where action = 'session.others_ended'"));
    }

    [Fact]
    public async Task Nobody_ends_the_session_of_another_user()
    {
        await using var database = await TestDatabase.CreateAsync("sqlite");
        await using var server = await TestServer.StartAsync(database);
        var token = await server.SetUpAsync();
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync(
            "insert into users (id, email, email_key, role, password_hash, created_at, updated_at) "
            + "values ('other', 'o@x', 'o@x', 'member', '-', 0, 0);\n"
            + "insert into auth_sessions (id, user_id, token_hash, created_at, expires_at, last_used_at) "
            + "values ('theirs', 'other', x'00', 0, 9999999999999, 0);");

        using var answer = await server.ApiAsync(HttpMethod.Delete, "/api/v1/me/sessions/theirs", token);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal(1, await connection.ExecuteScalarAsync<long>("select count(*) from auth_sessions where id = 'theirs'"));
    }

    private static async Task<HttpStatusCode> StatusAsync(TestServer server, string token)
    {
        using var answer = await server.ApiAsync(HttpMethod.Get, "/api/v1/me", token);
        return answer.StatusCode;
    }
}

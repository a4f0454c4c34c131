using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
using TraceVault.Devices;
using TraceVault.Storage;

namespace TraceVault.Tests.Devices;

public class DeviceSignInTests
{
    private static FakeTimeProvider Clock => new(DateTimeOffset.UnixEpoch.AddYears(56));

    [Theory]
    [InlineData("/.well-known/oauth-authorization-server", "")]
    [InlineData("/proxy/anthropic/.well-known/oauth-authorization-server", "/proxy/anthropic")]
    [InlineData("/.well-known/oauth-authorization-server/proxy/anthropic", "/proxy/anthropic")]
    public async Task The_metadata_names_the_public_address_whatever_the_request_says(string path, string issuer)
    {
        await using var server = await TestServer.StartAsync(settings: "--PublicUrl=https://vault.example.com");
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Host = "evil.example.com";
        request.Headers.Add("x-forwarded-host", "evil.example.com");

        using var answer = await server.Client.SendAsync(request, Patience.Cancel);
        var json = await answer.Content.ReadFromJsonAsync<JsonElement>(Patience.Cancel);

        Assert.Equal("https://vault.example.com" + issuer, json.GetProperty("issuer").GetString());
        Assert.Equal(
            "https://vault.example.com/proxy/anthropic/oauth/device_authorization",
            json.GetProperty("device_authorization_endpoint").GetString());
        Assert.Equal("https://vault.example.com/proxy/anthropic/oauth/token", json.GetProperty("token_endpoint").GetString());
        Assert.Equal("https://vault.example.com/proxy/anthropic/oauth/revoke", json.GetProperty("revocation_endpoint").GetString());
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task An_approved_device_gets_tokens_of_one_session(string engine)
    {
        await using var devices = await DeviceRig.StartAsync(engine);
        var (rig, device, owner) = devices;

        var begun = await device.BeginAsync();
        var pending = await device.PollAsync(begun);
        await owner.DecideAsync(begun["user_code"], "approve");
        var tokens = await device.PollAsync(begun);

        Assert.Matches("^tvd_[A-Za-z0-9_-]{43}[0-9A-Za-z]{6}$", begun["device_code"]);
        Assert.Matches("^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$", begun["user_code"]);
        Assert.Equal(new Uri(rig.Server.Url, "/auth/device").AbsoluteUri, begun["verification_uri"]);
        Assert.Equal($"{begun["verification_uri"]}?user_code={begun["user_code"]}", begun["verification_uri_complete"]);
        Assert.Equal((600, 5), (begun.Json.GetProperty("expires_in").GetInt32(), begun.Json.GetProperty("interval").GetInt32()));
        Assert.Equal((HttpStatusCode.BadRequest, "authorization_pending"), (pending.Status, pending.Error));
        Assert.Matches("^tvs_", tokens["access_token"]);
        Assert.Matches("^tvr_[A-Za-z0-9_-]{43}[0-9A-Za-z]{6}$", tokens["refresh_token"]);
        Assert.Equal("Bearer", tokens["token_type"]);
        Assert.InRange(tokens.Json.GetProperty("expires_in").GetInt64(), (30 * 24 * 3600) - 60, 30 * 24 * 3600);
        Assert.Equal(HttpStatusCode.OK, (await rig.CallAsync(token: tokens["access_token"], cancel: Patience.Cancel)).Status);
        Assert.Equal("invalid_token", (await rig.CallAsync(token: tokens["refresh_token"], cancel: Patience.Cancel)).Code);
        Assert.Equal("invalid_token", (await rig.CallAsync(token: begun["device_code"], cancel: Patience.Cancel)).Code);
        Assert.Equal(2, (await rig.Server.ApiJsonAsync(HttpMethod.Get, "/api/v1/me/sessions", rig.Token)).GetArrayLength());
        Assert.Equal(["device.approved", "session.signed_in"], (await ActionsAsync(rig.Database)).TakeLast(2));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task What_a_session_approved_ends_with_it_until_the_tokens_are_fetched(string engine)
    {
        await using var devices = await DeviceRig.StartAsync(engine);
        var (rig, device, _) = devices;
        var fetched = await devices.BeginApprovedAsync();
        var tokens = await device.PollAsync(fetched);
        var waiting = await devices.BeginApprovedAsync();
        using var others = await rig.Server.ApiAsync(HttpMethod.Delete, "/api/v1/me/sessions", tokens["access_token"]);

        Assert.Equal(HttpStatusCode.NoContent, others.StatusCode);
        Assert.Equal("invalid_grant", (await device.PollAsync(waiting)).Error);
        Assert.Equal(HttpStatusCode.OK, (await rig.CallAsync(token: tokens["access_token"], cancel: Patience.Cancel)).Status);
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_code_that_was_guessed_wrong_is_in_the_audit_log(string engine)
    {
        await using var devices = await DeviceRig.StartAsync(engine);
        var (rig, _, owner) = devices;

        Assert.Equal(HttpStatusCode.NotFound, (await owner.GetAsync("/auth/device?user_code=BCDF-GHJK")).Status);

        Assert.Equal("device.code_tried", (await ActionsAsync(rig.Database)).Last());
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_device_code_that_is_used_again_by_whomever_ends_what_came_of_it(string engine)
    {
        await using var devices = await DeviceRig.StartAsync(engine);
        var (rig, device, _) = devices;
        var begun = await devices.BeginApprovedAsync();
        var tokens = await device.PollAsync(begun);
        Assert.Equal(HttpStatusCode.OK, (await rig.CallAsync(token: tokens["access_token"], cancel: Patience.Cancel)).Status);

        var again = await device.PollAsync(begun);

        Assert.Equal((HttpStatusCode.BadRequest, "invalid_grant"), (again.Status, again.Error));
        Assert.Equal("invalid_token", (await rig.CallAsync(token: tokens["access_token"], cancel: Patience.Cancel)).Code);
        Assert.Equal("invalid_grant", (await device.RefreshAsync(tokens["refresh_token"])).Error);
        Assert.Equal("device.code_reused", (await ActionsAsync(rig.Database)).Last());
        Assert.Equal(HttpStatusCode.OK, (await rig.CallAsync(cancel: Patience.Cancel)).Status);
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Two_polls_at_once_never_get_two_sessions(string engine)
    {
        await using var devices = await DeviceRig.StartAsync(engine);
        var (rig, device, _) = devices;
        var begun = await devices.BeginApprovedAsync();

        var replies = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => device.PollAsync(begun)));

        Assert.Single(replies, reply => reply.Error is null);
        Assert.All(replies.Where(reply => reply.Error is not null), reply => Assert.Equal("invalid_grant", reply.Error));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_refused_device_is_told_and_stays_outside(string engine)
    {
        await using var devices = await DeviceRig.StartAsync(engine);
        var (rig, device, owner) = devices;
        var begun = await device.BeginAsync();

        await owner.DecideAsync(begun["user_code"], "refuse");

        Assert.Equal("access_denied", (await device.PollAsync(begun)).Error);
        Assert.Equal("device.refused", (await ActionsAsync(rig.Database)).Last());
        Assert.Equal(HttpStatusCode.NotFound, (await owner.GetAsync($"/auth/device?user_code={begun["user_code"]}")).Status);
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Codes_end_after_ten_minutes_and_are_swept_later(string engine)
    {
        var clock = Clock;
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var server = await TestServer.StartAsync(database, clock: clock);
        using var owner = new PageVisitor(server).SignedIn(await server.SetUpAsync());
        var device = new DeviceClient(server);
        var (approved, waiting) = (await device.BeginAsync(), await device.BeginAsync());
        await owner.DecideAsync(approved["user_code"], "approve");

        clock.Advance(DeviceAuthorizations.Lifetime);

        Assert.Equal("expired_token", (await device.PollAsync(waiting)).Error);
        Assert.Equal("expired_token", (await device.PollAsync(approved)).Error);
        Assert.Equal(HttpStatusCode.NotFound, (await owner.GetAsync($"/auth/device?user_code={waiting["user_code"]}")).Status);
        clock.Advance(TimeSpan.FromHours(1));
        await server.Services.GetServices<IHostedService>().OfType<Sweeper>().Single().SweepAsync(Patience.Cancel);
        await using var connection = await database.OpenAsync();
        Assert.Equal(0, await connection.ExecuteScalarAsync<long>("select count(*) from device_authorizations"));
        Assert.Equal("invalid_grant", (await device.PollAsync(waiting)).Error);
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_device_that_polls_too_fast_has_to_slow_down_for_good(string engine)
    {
        var clock = Clock;
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var server = await TestServer.StartAsync(database, clock: clock);
        var device = new DeviceClient(server);
        var begun = await device.BeginAsync();
        var heard = new List<string?>();
        foreach (var seconds in (int[])[5, 5, 1, 5, 15, 15])
        {
            clock.Advance(TimeSpan.FromSeconds(seconds));
            heard.Add((await device.PollAsync(begun)).Error);
        }

        const string Pending = "authorization_pending", Slower = "slow_down";
        Assert.Equal([Pending, Pending, Slower, Slower, Pending, Pending], heard); // 5 s, then 10 s, then 15 s
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task One_address_can_have_thirty_devices_waiting(string engine)
    {
        var clock = Clock;
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var server = await TestServer.StartAsync(database, clock: clock);
        var device = new DeviceClient(server);
        for (var i = 0; i < DeviceAuthorizations.MaxPerAddress; i++)
        {
            Assert.Null((await device.BeginAsync()).Error);
        }

        var refused = await device.BeginAsync();
        clock.Advance(DeviceAuthorizations.Lifetime);

        Assert.Equal((HttpStatusCode.TooManyRequests, "slow_down"), (refused.Status, refused.Error));
        Assert.Equal(TimeSpan.FromMinutes(1), refused.Answer.Headers.RetryAfter!.Delta);
        Assert.Null((await device.BeginAsync()).Error);
    }

    [Theory, InlineData("sqlite", "blob"), InlineData("postgres", "bytea")]
    public async Task Ten_thousand_devices_wait_and_no_more(string engine, string bytes)
    {
        var clock = Clock;
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var server = await TestServer.StartAsync(database, clock: clock);
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync(
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < @MaxOpen - 1)\n"
                + "insert into device_authorizations (id, device_code_hash, user_code, state, source, created_at, expires_at, "
                + "interval_seconds, polled_at)\n"
                + $"select 'id ' || i, cast('hash ' || i as {bytes}), 'code ' || i, 'pending', 'address ' || i, 0, @expires, 5, 0 from n",
            new { DeviceAuthorizations.MaxOpen, expires = (clock.GetUtcNow() + DeviceAuthorizations.Lifetime).ToUnixTimeMilliseconds() });
        var device = new DeviceClient(server);

        Assert.Null((await device.BeginAsync()).Error);
        Assert.Equal("slow_down", (await device.BeginAsync()).Error);

        clock.Advance(DeviceAuthorizations.Lifetime);
        Assert.Null((await device.BeginAsync()).Error);
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_device_that_gives_up_can_no_longer_be_approved(string engine)
    {
        await using var devices = await DeviceRig.StartAsync(engine);
        var (rig, device, owner) = devices;
        var (waiting, done) = (await device.BeginAsync(), await device.BeginAsync());
        await owner.DecideAsync(done["user_code"], "approve");
        var tokens = await device.PollAsync(done);

        Assert.Equal(HttpStatusCode.OK, (await device.RevokeAsync(waiting["device_code"])).Status);
        Assert.Equal(HttpStatusCode.OK, (await device.RevokeAsync(done["device_code"])).Status); // its answer came too late

        Assert.Equal("access_denied", (await device.PollAsync(waiting)).Error);
        Assert.Equal(HttpStatusCode.NotFound, (await owner.GetAsync($"/auth/device?user_code={waiting["user_code"]}")).Status);
        Assert.Equal("invalid_token", (await rig.CallAsync(token: tokens["access_token"], cancel: Patience.Cancel)).Code);
    }

    /// <summary>The log would otherwise end with an approval that led to nothing.</summary>
    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_device_that_gives_up_after_its_approval_gets_no_tokens_and_the_audit_log_says_so(string engine)
    {
        await using var devices = await DeviceRig.StartAsync(engine);
        var (rig, device, _) = devices;
        var approved = await devices.BeginApprovedAsync();

        Assert.Equal(HttpStatusCode.OK, (await device.RevokeAsync(approved["device_code"])).Status);

        Assert.Equal("access_denied", (await device.PollAsync(approved)).Error);
        Assert.Equal(["device.approved", "device.withdrawn"], (await ActionsAsync(rig.Database)).TakeLast(2));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task The_database_holds_no_code_and_no_token_that_a_device_shows(string engine)
    {
        await using var devices = await DeviceRig.StartAsync(engine);
        var (rig, device, _) = devices;
        var begun = await devices.BeginApprovedAsync();
        var tokens = await device.PollAsync(begun);
        var next = await device.RefreshAsync(tokens["refresh_token"]);
        var last = await device.RefreshAsync(next["refresh_token"]);
        string[] secrets =
        [
            begun["device_code"], tokens["access_token"], tokens["refresh_token"], next["access_token"], next["refresh_token"],
            last["access_token"], last["refresh_token"]
        ];

        await using var connection = await rig.Database.OpenAsync();
        foreach (var table in (string[])["device_authorizations", "auth_sessions", "spent_refresh_tokens", "audit_events"])
        {
            var rows = (await connection.QueryAsync($"select * from {table}")).Cast<IDictionary<string, object?>>()
                .SelectMany(row => row.Values).Select(
                    value => value is byte[] bytes ? System.Text.Encoding.Latin1.GetString(bytes) : $"{value}").ToList();
            Assert.NotEmpty(rows);
            Assert.All(secrets, secret => Assert.DoesNotContain(rows, value => value.Contains(secret[4..], StringComparison.Ordinal)));
        }

        Assert.All(
            secrets, secret => Assert.DoesNotContain(rig.Server.Log.Lines, line => line.Contains(secret[4..], StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("token", "", "invalid_request")]
    [InlineData("token", "grant_type=password", "unsupported_grant_type")]
    [InlineData("token", "grant_type=urn:ietf:params:oauth:grant-type:device_code", "invalid_request")]
    [InlineData("token", "grant_type=refresh_token&refresh_token=", "invalid_request")]
    [InlineData("token", "grant_type=refresh_token&grant_type=refresh_token&refresh_token=x", "invalid_request")]
    [InlineData(
        "token", "grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code=mistyped&client_id=any&scope=any", "invalid_grant")]
    [InlineData("revoke", "", "invalid_request")]
    public async Task A_wrong_request_is_named_as_OAuth_names_it(string endpoint, string form, string error)
    {
        await using var server = await TestServer.StartAsync();
        using var body = new StringContent(form, null, "application/x-www-form-urlencoded");

        var reply = await new DeviceClient(server).SendAsync(endpoint, body);

        Assert.Equal((HttpStatusCode.BadRequest, error), (reply.Status, reply.Error));
        Assert.Equal("application/json", reply.Answer.Content.Headers.ContentType!.MediaType);
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "cross-site", true)]
    [InlineData("Sec-Fetch-Site", "same-site", true)]
    [InlineData("Origin", "https://elsewhere.example", true)]
    [InlineData("Origin", "null", true)]
    [InlineData("Sec-Fetch-Mode", "cors", false)] // sent by programs on Node.js
    public async Task A_page_of_another_site_opens_no_sign_ins(string header, string value, bool isForeign)
    {
        await using var database = await TestDatabase.CreateAsync("sqlite");
        await using var server = await TestServer.StartAsync(database);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server.Url, DeviceClient.Base + "device_authorization"))
        {
            Content = new FormUrlEncodedContent([])
        };
        request.Headers.Add(header, value);

        using var answer = await server.Client.SendAsync(request, Patience.Cancel);

        await using var connection = await database.OpenAsync();
        Assert.Equal(isForeign ? HttpStatusCode.Forbidden : HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(isForeign ? 0 : 1, await connection.ExecuteScalarAsync<long>("select count(*) from device_authorizations"));
    }

    [Theory, InlineData("device_authorization"), InlineData("token"), InlineData("revoke")]
    public async Task A_body_that_is_no_form_is_refused(string endpoint)
    {
        await using var server = await TestServer.StartAsync();
        using var body = JsonContent.Create(new { grant_type = "refresh_token" });
        Assert.Equal("invalid_request", (await new DeviceClient(server).SendAsync(endpoint, body)).Error);
    }

    internal static async Task<IEnumerable<string>> ActionsAsync(TestDatabase database)
    {
        await using var connection = await database.OpenAsync();
        return await connection.QueryAsync<string>("select action from audit_events order by id");
    }
}

using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Dapper;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using TraceVault.Accounts;
using TraceVault.Accounts.Passwords;

namespace TraceVault.Tests.Accounts;

public class AccountTests
{
    private static CancellationToken Cancel => Patience.Cancel;

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task The_first_user_is_owner_and_the_second_setup_is_refused(string engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var server = await TestServer.StartAsync(database);

        var token = await server.SetUpAsync();

        var me = await server.ApiJsonAsync(HttpMethod.Get, "/api/v1/me", token);
        Assert.Equal("owner", me.GetProperty("role").GetString());
        Assert.Equal(TestServer.Email, me.GetProperty("email").GetString());
        Assert.EndsWith("Z", me.GetProperty("session").GetProperty("expires_at").GetString());
        using var again = await SetUpAsync(server, "another@example.com", TestServer.Password);
        Assert.Equal(HttpStatusCode.Conflict, again.StatusCode);
        Assert.Equal("application/problem+json", again.Content.Headers.ContentType!.MediaType);
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Of_many_setups_at_once_one_wins(string engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var server = await TestServer.StartAsync(database);

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 4).Select(i => SetUpAsync(server, $"user{i}@example.com", TestServer.Password)));

        Assert.Equal(
            [HttpStatusCode.Created, HttpStatusCode.Conflict, HttpStatusCode.Conflict, HttpStatusCode.Conflict],
            answers.Select(a => a.StatusCode).Order());
    }

    [Theory]
    [InlineData("owner@example.com", "short", "too short")]
    [InlineData("owner@example.com", "Password1234", "first that an attacker would try")]
    [InlineData("owner@example.com", "1qaz2wsx3edc", "first that an attacker would try")]
    [InlineData("owner@example.com", "aaaaaaaaaaaaaaaa", "first that an attacker would try")]
    [InlineData("owner@example.com", "OWNER@example.com", "first that an attacker would try")]
    [InlineData("owner@example.com", "TraceVault2026!!", "first that an attacker would try")]
    [InlineData("not an address", "four random words", "not an e-mail address")]
    [InlineData("<b>@example.com", "four random words", "not an e-mail address")]
    [InlineData("owner@example..com", "four random words", "not an e-mail address")]
    [InlineData("owner\u202e@example.com", "four random words", "not an e-mail address")]
    [InlineData("owner\u200d@example.com", "four random words", "not an e-mail address")]
    public async Task A_setup_with_a_poor_password_or_address_says_which_and_why(string email, string password, string reason)
    {
        await using var server = await TestServer.StartAsync();

        using var answer = await SetUpAsync(server, email, password);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(reason, await answer.Content.ReadAsStringAsync(Cancel));
    }

    /// <summary>The rules for new addresses do not lock out users whose addresses were accepted before.</summary>
    [Fact]
    public async Task An_address_that_was_taken_before_its_kind_was_refused_still_signs_in()
    {
        await using var database = await TestDatabase.CreateAsync("sqlite");
        await using var server = await TestServer.StartAsync(database);
        await server.SetUpAsync();
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync("update users set email = 'a..b@example.com', email_key = 'a..b@example.com'");

        using var answer = await server.Client.PostAsJsonAsync(
            "/api/v1/auth/login", new { email = "a..b@example.com", password = TestServer.Password }, Cancel);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task A_wrong_setup_token_creates_nobody_and_guesses_are_throttled()
    {
        await using var server = await TestServer.StartAsync();

        for (var i = 0; i < SignInThrottle.PerAccount; i++)
        {
            using var wrong = await SetUpAsync(server, TestServer.Email, TestServer.Password, "guess");
            Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        }

        using var throttled = await SetUpAsync(server, TestServer.Email, TestServer.Password);
        Assert.Equal(HttpStatusCode.TooManyRequests, throttled.StatusCode);
    }

    /// <remarks>1 Right. 2 Wrong, counted with the guesses of the set-up itself. 3 There is a user.</remarks>
    [Fact]
    public async Task A_setup_token_can_be_checked_before_anything_else_is_typed()
    {
        await using var server = await TestServer.StartAsync();
        Assert.Equal((HttpStatusCode.NoContent, ""), await CheckAsync(server, TestServer.SetupToken)); // 1

        for (var i = 0; i < SignInThrottle.PerAccount; i++) // 2
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await CheckAsync(server, i == 0 ? null : "guess")).Status);
        }

        var (status, body) = await CheckAsync(server, TestServer.SetupToken);
        Assert.Equal(HttpStatusCode.TooManyRequests, status);
        Assert.DoesNotContain("guess", body);
        using var throttled = await SetUpAsync(server, TestServer.Email, TestServer.Password);
        Assert.Equal(HttpStatusCode.TooManyRequests, throttled.StatusCode);

        await using var other = await TestServer.StartAsync();
        await other.SetUpAsync();
        Assert.Equal(HttpStatusCode.Conflict, (await CheckAsync(other, TestServer.SetupToken)).Status); // 3
    }

    private static async Task<(HttpStatusCode Status, string Body)> CheckAsync(TestServer server, string? token)
    {
        using var answer = await server.Client.PostAsJsonAsync("/api/v1/auth/setup/check", new { setup_token = token }, Cancel);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancel));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task An_address_signs_in_whatever_its_case(string engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var server = await TestServer.StartAsync(database);
        await server.SetUpAsync();

        using var answer = await LogInAsync(server, " OWNER@Example.COM ", TestServer.Password);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.True(answer.Headers.CacheControl!.NoStore);
    }

    [Fact]
    public async Task A_wrong_password_and_an_unknown_user_are_answered_alike()
    {
        await using var server = await TestServer.StartAsync();
        await server.SetUpAsync();

        using var wrong = await LogInAsync(server, TestServer.Email, "some other words");
        using var unknown = await LogInAsync(server, "nobody@example.com", "some other words");

        Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, unknown.StatusCode);
        Assert.Equal(await WithoutTraceAsync(wrong), await WithoutTraceAsync(unknown));
    }

    [Fact]
    public async Task An_unknown_user_costs_one_password_check_as_a_known_one_does()
    {
        using var passwords = new PasswordHashes(Options.Create(new PasswordHasherOptions { IterationCount = PasswordHashes.Iterations }));
        var hash = await passwords.HashAsync(TestServer.Password, Cancel);
        await passwords.CheckAsync(hash, "warm up", Cancel);

        var known = await TimeAsync(() => passwords.CheckAsync(hash, "some other words", Cancel));
        var unknown = await TimeAsync(() => passwords.CheckAsync(null, "some other words", Cancel));

        // An answer without a check takes microseconds: three orders of magnitude less, so that noise decides nothing here.
        Assert.InRange(unknown / known, 0.1, 10);
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Failures_throttle_the_account_in_parallel_too_and_the_window_ends(string engine)
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var server = await TestServer.StartAsync(database, clock: clock);
        await server.SetUpAsync();

        var guesses = await Task.WhenAll(
            Enumerable.Range(0, SignInThrottle.PerAccount + 4).Select(_ => LogInAsync(server, TestServer.Email, "some other words")));
        using var throttled = await LogInAsync(server, TestServer.Email, TestServer.Password);
        using var other = await LogInAsync(server, "other@example.com", "some other words");
        clock.Advance(SignInThrottle.Window + TimeSpan.FromSeconds(1));
        using var later = await LogInAsync(server, TestServer.Email, TestServer.Password);

        Assert.Equal(SignInThrottle.PerAccount, guesses.Count(a => a.StatusCode == HttpStatusCode.Unauthorized));
        Assert.Equal(4, guesses.Count(a => a.StatusCode == HttpStatusCode.TooManyRequests));
        Assert.Equal(HttpStatusCode.TooManyRequests, throttled.StatusCode);
        Assert.Equal(SignInThrottle.Window, throttled.Headers.RetryAfter!.Delta);
        Assert.Equal(HttpStatusCode.Unauthorized, other.StatusCode);
        Assert.Equal(HttpStatusCode.OK, later.StatusCode);
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Guesses_from_one_address_do_not_lock_the_account_elsewhere(string engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var server = await TestServer.StartAsync(database);
        var throttle = server.Services.GetRequiredService<SignInThrottle>();
        for (var i = 0; i < 3 * SignInThrottle.PerAccount; i++)
        {
            var admission = await throttle.EnterAsync("ada@example.com", IPAddress.Parse("192.0.2.1"), Cancel);
            Assert.Equal(i >= SignInThrottle.PerAccount, admission.Wait is not null);
        }

        Assert.Null((await throttle.EnterAsync("ada@example.com", IPAddress.Parse("192.0.2.2"), Cancel)).Wait);

        // Many addresses together reach a limit, too.
        for (var i = 0; i < SignInThrottle.PerAccountAnywhere - SignInThrottle.PerAccount - 1; i++)
        {
            Assert.Null((await throttle.EnterAsync("ada@example.com", IPAddress.Parse($"198.51.100.{i}"), Cancel)).Wait);
        }

        Assert.NotNull((await throttle.EnterAsync("ada@example.com", IPAddress.Parse("203.0.113.1"), Cancel)).Wait);
        Assert.Null((await throttle.EnterAsync("bob@example.com", IPAddress.Parse("203.0.113.1"), Cancel)).Wait);
    }

    [Fact]
    public async Task One_address_cannot_try_many_accounts()
    {
        await using var database = await TestDatabase.CreateAsync("sqlite");
        await using var server = await TestServer.StartAsync(database);
        await server.SetUpAsync();
        await using (var connection = await database.OpenAsync())
        {
            await connection.ExecuteAsync(
                "update sign_in_failures set failures = @n where subject like 'address:%'", new { n = SignInThrottle.PerAddress });
        }

        using var answer = await LogInAsync(server, TestServer.Email, TestServer.Password);

        Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task An_old_hash_is_renewed_at_sign_in(string engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var server = await TestServer.StartAsync(database, passwordIterations: PasswordHashes.Iterations);
        await server.SetUpAsync();
        await using var connection = await database.OpenAsync();
        var weak = new PasswordHasher<object>(Options.Create(
            new PasswordHasherOptions { IterationCount = 1_000 })).HashPassword(new(), TestServer.Password);
        await connection.ExecuteAsync("update users set password_hash = @weak", new { weak });

        await server.LogInAsync();

        var renewed = Convert.FromBase64String((await connection.QuerySingleAsync<string>("select password_hash from users"))!);
        // Identity's version 3: marker, PRF, then the iteration count in bytes 5 to 8, big-endian.
        Assert.Equal(210_000, System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(renewed.AsSpan(5)));
        await server.LogInAsync();
    }

    /// <summary>é is one character from one keyboard and two from another.</summary>
    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_password_is_the_same_however_its_letters_are_put_together(string engine)
    {
        const string Composed = "vier sch\u00f6ne w\u00f6rter",
            Decomposed = "vier scho\u0308ne wo\u0308rter",
            Mixed = "vier sch\u00f6ne wo\u0308rter";
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var server = await TestServer.StartAsync(database);
        using var setUp = await SetUpAsync(server, TestServer.Email, Mixed);
        Assert.Equal(HttpStatusCode.Created, setUp.StatusCode);
        await using var connection = await database.OpenAsync();
        foreach (var before in (string[])[Composed, Decomposed, Mixed])
        {
            foreach (var typed in (string[])[Composed, Decomposed, before])
            {
                using var signIn = await LogInAsync(server, TestServer.Email, typed);
                Assert.Equal(HttpStatusCode.OK, signIn.StatusCode);
            }

            // As a server stored it before there was this rule: the hash is that of the text as it was typed.
            var hasher = new PasswordHasher<object>(Options.Create(new PasswordHasherOptions { IterationCount = 2_000 }));
            await connection.ExecuteAsync("update users set password_hash = @hash", new { hash = hasher.HashPassword(new(), before) });
            if (before != Mixed)
            {
                using var other = await LogInAsync(server, TestServer.Email, before == Composed ? Decomposed : Composed);
                Assert.Equal(HttpStatusCode.OK, other.StatusCode);
                var renewed = (await connection.QuerySingleAsync<string>("select password_hash from users"))!;
                Assert.NotEqual(PasswordVerificationResult.Failed, hasher.VerifyHashedPassword(new(), renewed, Composed));
            }
        }

        using var wrong = await LogInAsync(server, TestServer.Email, "vier schone worter");
        Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Only_the_hash_of_a_token_is_stored(string engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var server = await TestServer.StartAsync(database);

        var token = await server.SetUpAsync();

        await using var connection = await database.OpenAsync();
        var stored = await connection.QuerySingleAsync<byte[]>("select token_hash from auth_sessions");
        Assert.Equal(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(token)), stored);
    }

    private static Task<HttpResponseMessage> SetUpAsync(
        TestServer server, string email, string password, string setupToken = TestServer.SetupToken) =>
        server.Client.PostAsJsonAsync("/api/v1/auth/setup", new { setup_token = setupToken, email, password }, Cancel);

    private static Task<HttpResponseMessage> LogInAsync(TestServer server, string email, string password) =>
        server.Client.PostAsJsonAsync("/api/v1/auth/login", new { email, password }, Cancel);

    private static async Task<string> WithoutTraceAsync(HttpResponseMessage answer)
    {
        var body = (await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel)).EnumerateObject().Where(p => p.Name != "trace_id");
        return string.Join(',', body.Select(p => p.ToString()));
    }

    private static async Task<double> TimeAsync(Func<Task> work)
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        await work();
        return watch.Elapsed.TotalMilliseconds;
    }
}

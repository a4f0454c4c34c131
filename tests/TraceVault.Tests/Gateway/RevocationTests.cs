using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Dapper;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using TraceVault.Accounts;
using TraceVault.FakeAnthropic;
using TraceVault.Identity;
using TraceVault.Tests.Members;
using TraceVault.Tests.Pages;

namespace TraceVault.Tests.Gateway;

/// <summary>
/// When somebody loses a session, a token, a role or their account, what runs under it ends at once: otherwise a stream could go on for
/// minutes, and be paid for.
/// </summary>
public class RevocationTests
{
    private static CancellationToken Cancel => Patience.Cancel;

    public static TheoryData<string, string> Ends
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var engine in (string[])["sqlite", "postgres"])
            {
                foreach (var end in (string[])["sign-out", "end-session", "revoke-token", "disable", "remove", "role", "end-all", "reset"])
                {
                    data.Add(engine, end);
                }
            }

            return data;
        }
    }

    [Theory, MemberData(nameof(Ends))]
    public async Task What_runs_under_it_is_broken_off(string engine, string end)
    {
        await using var bench = await Bench.StartAsync(engine);
        var token = end == "revoke-token" ? await bench.MakeTokenAsync() : bench.Member;
        using var stream = await bench.StreamAsync(token);
        using var other = await bench.StreamAsync(bench.Owner);

        using var ended = await bench.EndAsync(end);

        Assert.True(ended.IsSuccessStatusCode, $"{ended.StatusCode}");
        await Assert.ThrowsAnyAsync<Exception>(() => stream.Content.ReadAsByteArrayAsync(Cancel));
        await bench.Server.Log.WaitForAsync(" /proxy/anthropic/v1/messages cut status=200 ", Cancel);
        bench.GoOn();
        Assert.EndsWith("end", await other.Content.ReadAsStringAsync(Cancel)); // another user's stream goes on
    }

    /// <summary>A stream under another session of the same user goes on, even when the user's cap changes and they sign in again.</summary>
    [Fact]
    public async Task What_runs_under_another_token_goes_on()
    {
        await using var bench = await Bench.StartAsync("sqlite");
        var second = await bench.SignInMemberAsync();
        using var stream = await bench.StreamAsync(second);

        using var ended = await bench.EndAsync("sign-out");
        using var stored = await bench.Server.ApiAsync(HttpMethod.Put, "/api/v1/me/anthropic-key", second, new { max_concurrent = 3 });
        await bench.SignInMemberAsync();
        bench.GoOn();

        Assert.EndsWith("end", await stream.Content.ReadAsStringAsync(Cancel));
        await bench.Server.Log.WaitForAsync(" /proxy/anthropic/v1/messages ok status=200 ", Cancel);
    }

    /// <summary>
    /// A session may end after it was looked up and before its exchange is listed as running, so that nobody finds the exchange to break it
    /// off.
    /// </summary>
    /// <remarks>
    /// On SQLite, which needs none of the threads that serve sockets: one of them waits here until the session has ended.
    /// </remarks>
    [Fact]
    public async Task What_begins_while_its_session_ends_is_broken_off()
    {
        var clock = new HookedClock();
        await using var rig = await ProxyRig.StartAsync(clock: clock);
        await using var connection = await rig.Database.OpenAsync();
        var user = (await connection.ExecuteScalarAsync<string>("select id from users"))!;
        var other = await rig.Server.LogInAsync();
        Assert.Equal(HttpStatusCode.OK, (await rig.CallAsync(token: other, cancel: Cancel)).Status); // from now on it is in memory
        var never = new TaskCompletionSource();
        rig.Upstream.Handler = context => never.Task.WaitAsync(context.RequestAborted);
        // Of one exchange, the first call makes its id and the second one admits its caller.
        clock.Arm(2, () => rig.Server.Services.GetRequiredService<Sessions>()
            .EndOthersAsync(user, "none", new Actor(user, null, new Origin(null, null))).GetAwaiter().GetResult());

        await Assert.ThrowsAnyAsync<Exception>(() => rig.CallAsync(token: other, cancel: Cancel));

        await rig.Server.Log.WaitForAsync(" /proxy/anthropic/v1/messages cut ", Cancel);
    }

    /// <summary>Does something when it is asked for the time.</summary>
    private sealed class HookedClock : TimeProvider
    {
        private Action? _hook;
        private int _calls;

        public void Arm(int calls, Action hook) => (_calls, _hook) = (calls, hook);

        public override DateTimeOffset GetUtcNow()
        {
            if (_hook is { } hook && Interlocked.Decrement(ref _calls) == 0)
            {
                _hook = null;
                hook();
            }

            return base.GetUtcNow();
        }
    }

    private sealed class Bench : IAsyncDisposable
    {
        private const string Email = "ada@example.com";

        private readonly TaskCompletionSource _goOn = new();
        private readonly TestDatabase _database;
        private readonly FakeAnthropicServer _upstream;

        private Bench(TestDatabase database, FakeAnthropicServer upstream, TestServer server) =>
            (_database, _upstream, Server) = (database, upstream, server);

        public TestServer Server { get; }

        public string Owner { get; private set; } = "";

        public string Member { get; private set; } = "";

        public static async Task<Bench> StartAsync(string engine)
        {
            var database = await TestDatabase.CreateAsync(engine);
            var upstream = await FakeAnthropicServer.StartAsync(new(), Cancel);
            var bench = new Bench(database, upstream, await TestServer.StartAsync(database, upstream.Url));
            bench.Owner = await bench.Server.SetUpWithKeyAsync();
            using var invited = await bench.Server.ApiAsync(
                HttpMethod.Post, "/api/v1/invites", bench.Owner, new { email = Email, role = "member" });
            var link = new Uri((await invited.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("url").GetString()!).AbsolutePath;
            using var browser = new PageClient(bench.Server.Url);
            await browser.FillInAsync(link, link, ("name", "Ada"), ("password", TestServer.Password));
            bench.Member = browser.Session!;
            await bench.Server.StoreKeyAsync(bench.Member);
            upstream.Handler = async context =>
            {
                context.Response.ContentType = "text/event-stream";
                await context.Response.WriteAsync("begin", context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
                await bench._goOn.Task.WaitAsync(context.RequestAborted);
                await context.Response.WriteAsync("end", context.RequestAborted);
            };
            return bench;
        }

        public void GoOn() => _goOn.TrySetResult();

        /// <returns>An answer whose head has come.</returns>
        public async Task<HttpResponseMessage> StreamAsync(string token)
        {
            using var request = Server.ProxyRequest(token, "/v1/messages");
            request.Method = HttpMethod.Post;
            request.Content = new StringContent("{}");
            var answer = await Server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            return answer;
        }

        public async Task<string> MakeTokenAsync()
        {
            using var made = await Server.ApiAsync(HttpMethod.Post, "/api/v1/me/tokens", Member, new { name = "build" });
            return (await made.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("token").GetString()!;
        }

        public async Task<string> SignInMemberAsync()
        {
            using var answer = await Server.Client.PostAsJsonAsync(
                "/api/v1/auth/login", new { email = Email, password = TestServer.Password }, Cancel);
            return (await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("token").GetString()!;
        }

        public async Task<HttpResponseMessage> EndAsync(string end)
        {
            var me = await Server.ApiJsonAsync(HttpMethod.Get, "/api/v1/me", Member);
            var id = me.GetProperty("id").GetString();
            return end switch
            {
                "sign-out" => await Server.ApiAsync(HttpMethod.Post, "/api/v1/auth/logout", Member),
                "end-session" => await Server.ApiAsync(
                    HttpMethod.Delete, $"/api/v1/me/sessions/{me.GetProperty("session").GetProperty("id").GetString()}",
                        await SignInMemberAsync()),
                "revoke-token" => await Server.ApiAsync(HttpMethod.Delete, $"/api/v1/me/tokens/{await TokenIdAsync()}", Member),
                "disable" => await Server.ApiAsync(HttpMethod.Post, $"/api/v1/members/{id}/disable", Owner),
                "remove" => await Server.ApiAsync(HttpMethod.Delete, $"/api/v1/members/{id}", Owner),
                "role" => await Server.ApiAsync(HttpMethod.Put, $"/api/v1/members/{id}/role", Owner, new { role = "admin" }),
                "reset" => await ResetAsync(id!),
                _ => await Server.ApiAsync(HttpMethod.Delete, $"/api/v1/members/{id}/sessions", Owner),
            };
        }

        public async ValueTask DisposeAsync()
        {
            GoOn();
            await Server.DisposeAsync();
            await _upstream.DisposeAsync();
            await _database.DisposeAsync();
        }

        /// <summary>The member chooses a new password by a link.</summary>
        private async Task<HttpResponseMessage> ResetAsync(string id)
        {
            var made = await Server.ApiAsync(HttpMethod.Post, $"/api/v1/members/{id}/password-reset", Owner);
            var link = new Uri((await made.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("url").GetString()!).AbsolutePath;
            using var browser = new PageClient(Server.Url);
            await browser.FillInAsync(link, link, ("password", TestServer.Password + " anew"));
            return made;
        }

        private async Task<string> TokenIdAsync() =>
            (await Server.ApiJsonAsync(HttpMethod.Get, "/api/v1/me/tokens", Member)).EnumerateArray().Single().GetProperty(
                "id").GetString()!;
    }
}

using System.Diagnostics;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using TraceVault.Capture;
using TraceVault.Capture.Policies;

namespace TraceVault.Tests.Capture;

/// <summary>When a change of the policy holds, and what holds meanwhile.</summary>
public class PolicyInForceTests
{
    private const string Policy = "/api/v1/capture", Own = "/api/v1/me/capture";

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_change_holds_in_this_process_when_it_is_answered(string engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var server = await TestServer.StartAsync(database);
        var owner = await server.SetUpAsync();
        var (policies, id) = (Policies(server), await IdAsync(server, owner));
        for (var round = 0; round < 5; round++)
        {
            foreach (var mode in (string[])["full", "off", "usage"])
            {
                await PutAsync(server, owner, Policy, new { mode });
                Assert.Equal(mode, PolicyWords.Modes.Of(policies.ModeOf("somebody else")));
            }

            await PutAsync(server, owner, Own, new { mode = "full" });
            Assert.Equal((CaptureMode.Full, CaptureMode.Usage), (policies.ModeOf(id), policies.ModeOf("somebody else")));
            await PutAsync(server, owner, Own, new { mode = (string?)null });
            Assert.Equal(CaptureMode.Usage, policies.ModeOf(id));
        }
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task It_holds_from_the_start_after_a_restart(string engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        string id;
        await using (var first = await TestServer.StartAsync(database))
        {
            var owner = await first.SetUpAsync();
            id = await IdAsync(first, owner);
            await PutAsync(first, owner, Policy, new { mode = "off", members_may = "more" });
            await PutAsync(first, owner, Own, new { mode = "full" });
        }

        await using var second = await TestServer.StartAsync(database);
        Assert.Equal((CaptureMode.Full, CaptureMode.Off), (Policies(second).ModeOf(id), Policies(second).ModeOf("somebody else")));
    }

    /// <remarks>The middle one of three times, so that a machine that was busy for a moment fails nothing.</remarks>
    [Fact]
    public async Task A_change_by_another_server_holds_within_a_second()
    {
        await using var database = await TestDatabase.CreateAsync("postgres");
        await using var one = await TestServer.StartAsync(database);
        await using var other = await TestServer.StartAsync(database);
        var owner = await one.SetUpAsync();
        var id = await IdAsync(one, owner);
        var times = new List<TimeSpan>();
        foreach (var (path, mode, expected) in ((string, string?, CaptureMode)[])[
            (Policy, "off", CaptureMode.Off),
            (Own, "full", CaptureMode.Full),
            (Own, null, CaptureMode.Off)])
        {
            await PutAsync(one, owner, path, new { mode });
            var begun = Stopwatch.GetTimestamp();
            await UntilAsync(() => Policies(other).ModeOf(id) == expected);
            times.Add(Stopwatch.GetElapsedTime(begun));
        }

        Assert.True(times.Order().ElementAt(1) < TimeSpan.FromSeconds(1), string.Join(", ", times));
    }

    [Fact]
    public async Task While_the_database_is_away_the_last_policy_holds_and_the_log_says_so_once()
    {
        await using var database = await TestDatabase.CreateAsync("postgres");
        await using var server = await TestServer.StartAsync(database);
        var owner = await server.SetUpAsync();
        await PutAsync(server, owner, Policy, new { mode = "full" });

        await database.GoAwayAsync();
        await server.Log.WaitForAsync("database is unavailable", Patience.Cancel); // though nobody asks for anything
        Assert.Equal(CaptureMode.Full, Policies(server).ModeOf("somebody"));
        await database.ComeBackAsync();
        await using (var connection = await database.OpenAsync())
        {
            await connection.ExecuteAsync("update capture_policy set mode = 'off', version = version + 1");
        }

        await UntilAsync(() => Policies(server).ModeOf("somebody") == CaptureMode.Off);
        Assert.Single(server.Log.Lines, line => line.Contains("database is unavailable"));
        Assert.DoesNotContain(server.Log.Lines, line => line.Contains(nameof(PolicyWatch)) && line.StartsWith("Error"));
    }

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task What_a_newer_server_wrote_counts_as_the_least(string engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        await using (var connection = await database.OpenAsync())
        {
            await connection.ExecuteAsync("update capture_policy set mode = 'sampled', members_may = 'some', others_content = 'friends'");
        }

        await using var server = await TestServer.StartAsync(database);
        Assert.Equal(
            new CapturePolicy(CaptureMode.Off, MembersMay.Nothing, 30, 400, OthersContent.Never), Policies(server).Now.Policy);
    }

    [Fact]
    public async Task To_ask_costs_no_memory()
    {
        await using var server = await TestServer.StartAsync();
        var owner = await server.SetUpAsync();
        await PutAsync(server, owner, Own, new { mode = "full" });
        var (policies, id) = (Policies(server), await IdAsync(server, owner));

        Assert.Equal(0, Allocated());

        long Allocated()
        {
            var full = 0;
            policies.ModeOf(id);
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 1000; i++)
            {
                full += policies.ModeOf(id) is CaptureMode.Full && policies.ModeOf("somebody else") is CaptureMode.Usage ? 1 : 0;
            }

            var bytes = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.Equal(1000, full);
            return bytes;
        }
    }

    private static CapturePolicies Policies(TestServer server) => server.Services.GetRequiredService<CapturePolicies>();

    private static async Task<string> IdAsync(TestServer server, string token) =>
        (await server.ApiJsonAsync(HttpMethod.Get, "/api/v1/me", token)).GetProperty("id").GetString()!;

    private static async Task PutAsync(TestServer server, string token, string path, object body)
    {
        using var answer = await server.ApiAsync(HttpMethod.Put, path, token, body);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Patience.Cancel));
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        for (var cancel = Patience.Cancel; !holds();)
        {
            await Task.Delay(5, cancel);
        }
    }
}

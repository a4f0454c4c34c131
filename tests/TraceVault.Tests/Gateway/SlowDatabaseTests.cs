using System.Collections.Concurrent;
using System.Net;
using Dapper;
using TraceVault.FakeAnthropic;

namespace TraceVault.Tests.Gateway;

/// <summary>
/// The threads that serve sockets also run the proxied request, so a request that waits for the database must not wait on them.
/// </summary>
public class SlowDatabaseTests
{
    private static CancellationToken Cancel => Patience.Cancel;

    [Theory, MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task A_slow_database_stalls_nobody_elses_stream(string engine)
    {
        await using var rig = await ProxyRig.StartAsync(engine: engine);
        var cold = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => rig.Server.LogInAsync()));
        var gate = new TaskCompletionSource();
        rig.Upstream.EnqueueFault(Fault.Reply(24), Fault.Silence(3, gate.Task));
        using var stream = await rig.SendAsync(ProxyRig.Message(stream: true), cancel: Cancel);
        await using var holder = await rig.Database.OpenAsync();
        await holder.ExecuteAsync(engine == "sqlite" ? "begin immediate" : "begin; lock table auth_sessions in access exclusive mode");

        // The first request that writes sleeps in SQLite's driver. All others wait behind it for their turn, or for the table.
        var waiting = new List<Task>();
        waiting.AddRange(cold[..4].Select(token => (Task)rig.Server.ApiAsync(HttpMethod.Post, "/api/v1/auth/logout", token)));
        waiting.AddRange(cold[4..].Select(token => (Task)rig.CallAsync(token: token, cancel: Cancel)));
        waiting.AddRange(cold[4..].Select(token => (Task)rig.Server.ApiAsync(HttpMethod.Get, "/api/v1/me", token)));
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(HttpStatusCode.OK, (await rig.CallAsync(cancel: Cancel)).Status);
        }

        gate.SetResult();
        Assert.Equal(SseScript.Bytes(24, model: "claude-sonnet-4-5"), await stream.Content.ReadAsByteArrayAsync(Cancel));
        Assert.Contains(waiting, task => !task.IsCompleted); // otherwise the database was not slow at all
        await holder.ExecuteAsync("rollback");
        await Task.WhenAll(waiting);
    }

    /// <summary>This is achieved by a property that the runtime does not make public: an update may remove it.</summary>
    [Fact]
    public async Task A_warm_request_stays_on_the_threads_that_serve_sockets()
    {
        var clock = new NamingClock();
        await using var rig = await ProxyRig.StartAsync(clock: clock);
        await rig.CallAsync(cancel: Cancel);
        clock.Threads.Clear();

        await rig.CallAsync(cancel: Cancel);

        Assert.Contains(".NET Sockets", clock.Threads);
    }

    /// <summary>Notes which threads ask for the time: the threads that begin and end an exchange do.</summary>
    private sealed class NamingClock : TimeProvider
    {
        public ConcurrentBag<string?> Threads { get; } = [];

        public override long GetTimestamp()
        {
            Threads.Add(Thread.CurrentThread.Name);
            return base.GetTimestamp();
        }
    }
}

using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;

namespace TraceVault.FakeAnthropic;

/// <summary>
/// One fault of one answer. Members that its kind does not name are ignored; a fault that its answer has no place for is not.
/// </summary>
public sealed record Fault(FaultKind Kind)
{
    /// <summary>HTTP status.</summary>
    public int Code { get; init; } = 500;

    /// <summary>Sent as retry-after, in seconds; null leaves the header to the status (429 has one).</summary>
    public int? RetryAfter { get; init; }

    /// <summary>Length of the pause.</summary>
    public TimeSpan For { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>When given, the pause lasts until this completes, whatever <see cref="For"/> says. In process only.</summary>
    public Task? Until { get; init; }

    /// <summary>How many events are sent before the fault.</summary>
    public int After { get; init; } = 3;

    /// <summary>A cut half-closes the connection (FIN) instead of resetting it (RST). HTTP/1.1 only.</summary>
    public bool Fin { get; init; }

    /// <summary>Length of the body in bytes.</summary>
    public long Bytes { get; init; } = 1 << 20;

    /// <summary>Value of the location header.</summary>
    public string To { get; init; } = "https://elsewhere.example/";

    public int Events { get; init; } = 24;

    public int Seed { get; init; } = 1;

    public TimeSpan Pace { get; init; }

    public static Fault Status(int code, int? retryAfter = null) => new(FaultKind.Status) { Code = code, RetryAfter = retryAfter };

    public static Fault Delay(Task until) => new(FaultKind.Delay) { Until = until };

    public static Fault SlowHeaders(Task until) => new(FaultKind.SlowHeaders) { Until = until };

    public static Fault Silence(int after, Task until) => new(FaultKind.Silence) { After = after, Until = until };

    public static Fault CutMidEvent(int after, bool fin = false) => new(FaultKind.CutMidEvent) { After = after, Fin = fin };

    public static Fault EndEarly(int after) => new(FaultKind.EndEarly) { After = after };

    public static Fault ErrorEvent(int after) => new(FaultKind.ErrorEvent) { After = after };

    public static Fault Reset() => new(FaultKind.Reset);

    public static Fault Gzip() => new(FaultKind.Gzip);

    public static Fault Huge(long bytes) => new(FaultKind.Huge) { Bytes = bytes };

    public static Fault Early(int code = 413) => new(FaultKind.Early) { Code = code };

    public static Fault Redirect(string to, int code = 307) => new(FaultKind.Redirect) { To = to, Code = code };

    public static Fault Reply(int events, int seed = 1, TimeSpan pace = default) =>
        new(FaultKind.Reply) { Events = events, Seed = seed, Pace = pace };

    internal Task PauseAsync(TimeProvider clock, CancellationToken cancel) =>
        Until is { } until ? until.WaitAsync(cancel) : Task.Delay(For, clock, cancel);

    /// <summary>Ends the connection without ending the answer.</summary>
    internal async Task CutAsync(HttpContext context)
    {
        if (Fin && context.Features.Get<IConnectionSocketFeature>() is { } connection)
        {
            connection.Socket.Shutdown(SocketShutdown.Send);
            await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted)
                .ContinueWith(_ => { }, TaskScheduler.Default); // until the peer closes in turn
        }

        context.Abort();
    }
}

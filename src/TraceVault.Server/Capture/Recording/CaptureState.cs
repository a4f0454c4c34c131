using System.Diagnostics.Metrics;
using TraceVault.Capture.Spooling;

namespace TraceVault.Capture.Recording;

/// <summary>How recording does, for <c>/metrics</c> and <c>/readyz</c>.</summary>
internal sealed class CaptureState : IDisposable
{
    public const string MeterName = "TraceVault.Capture";

    private readonly Meter _meter = new(MeterName);
    private readonly Spool _spool;
    private long _gapBytes;

    public CaptureState(Spool spool, RecorderQueue queue, TimeProvider clock)
    {
        _spool = spool;
        queue.Taken += finished => Interlocked.Add(ref _gapBytes, finished.GapBytes);
        _meter.CreateObservableCounter(
            "tracevault.capture.gap_bytes", () => GapBytes, null, "Bytes that passed and could not be recorded.");
        _meter.CreateObservableGauge(
            "tracevault.capture.backlog_bytes", () => spool.BytesInUse, null, "What waits in the spool, exchanges that run included.");
        _meter.CreateObservableGauge(
            "tracevault.capture.backlog_exchanges", () => queue.Count, null, "Exchanges that ended and wait to be recorded.");
        _meter.CreateObservableGauge(
            "tracevault.capture.oldest",
            () => queue.Oldest is { } oldest ? (clock.GetUtcNow() - oldest).TotalSeconds : 0,
            "s",
            "The age of the exchange that waits longest to be recorded.");
    }

    /// <summary>How many bytes passed since the start that could not be recorded.</summary>
    public long GapBytes => Volatile.Read(ref _gapBytes);

    /// <summary>Why what passes now is not recorded; null when it is.</summary>
    public string? Problem => _spool.State is { Condition: not SpoolCondition.Works, Reason: var reason } ? reason : null;

    public void Dispose() => _meter.Dispose();
}

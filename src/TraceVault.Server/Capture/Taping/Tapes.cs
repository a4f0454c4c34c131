using TraceVault.Capture.Policies;
using TraceVault.Capture.Recording;
using TraceVault.Capture.Spooling;

namespace TraceVault.Capture.Taping;

/// <summary>Begins the tape of each exchange.</summary>
internal sealed class Tapes(CapturePolicies policies, Spool spool, RunningExchanges running, RecorderQueue queue)
{
    /// <summary>What is kept of an exchange of this user that begins now.</summary>
    public CaptureMode ModeOf(string userId) => policies.ModeOf(userId);

    /// <returns>To be ended with <see cref="Tape.End"/>, always.</returns>
    public Tape Begin(ExchangeStart start)
    {
        if (start.Mode is CaptureMode.Off)
        {
            return Tape.None;
        }

        running.Add(start);
        return start.Mode is CaptureMode.Full
            ? new FullTape(start, spool.Begin(start.Id), queue.Add)
            : new UsageTape(start, queue.Add);
    }
}

using TraceVault.Capture.Reading;
using TraceVault.Capture.Spooling;

namespace TraceVault.Capture.Taping;

/// <summary>An exchange that is over, on its way to the recorder.</summary>
/// <param name="Heading">Null when there was no answer.</param>
/// <param name="GapBytes">How many bytes of the bodies found no room in the spool.</param>
/// <param name="Log">The bodies; null when only their facts are kept.</param>
/// <param name="Facts">What was read of the bodies while they passed; null when that is left to the recorder.</param>
internal sealed record Finished(
    ExchangeStart Start, AnswerHeading? Heading, ExchangeEnd End, long GapBytes, SpoolLog? Log, ExchangeFacts? Facts)
{
    /// <summary>The largest start, head or end, in bytes: it fits into one block of the spool.</summary>
    public const int MaxRecord = 12 << 10;
}

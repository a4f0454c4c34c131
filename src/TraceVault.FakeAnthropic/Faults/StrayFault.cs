namespace TraceVault.FakeAnthropic;

/// <summary>
/// A fault that its answer has no place for. If it were dropped silently, the answer would be healthy and a test would pass for nothing.
/// </summary>
internal static class StrayFault
{
    private static readonly FaultKind[] WithinStream = [FaultKind.Silence, FaultKind.CutMidEvent, FaultKind.EndEarly, FaultKind.ErrorEvent];

    /// <summary>
    /// The faults that strike between events, in the order in which they strike; a pause comes before an end after the same event.
    /// </summary>
    public static Fault[] OfStream(Exchange exchange) =>
        [.. exchange.Faults.Where(fault => WithinStream.Contains(fault.Kind)).OrderBy(fault => fault.After).ThenBy(fault => fault.Kind)];

    /// <returns>The first fault of the kinds that the answer has no place for.</returns>
    public static Fault? Find(Exchange exchange, FaultKind[] placeless) =>
        exchange.Faults.FirstOrDefault(fault => placeless.Contains(fault.Kind));

    /// <returns>The first of the ordered faults that comes too late in a stream of so many events; null when all of them strike.</returns>
    public static Fault? Find(IEnumerable<Fault> ordered, int events)
    {
        var ended = false;
        foreach (var fault in ordered)
        {
            if (ended || fault.After >= events)
            {
                return fault;
            }

            ended = fault.Kind != FaultKind.Silence;
        }

        return null;
    }

    /// <summary>Answers 500 in place of a healthy answer, and tells the client not to retry: a retry would find the fault gone.</summary>
    public static Task RefuseAsync(Exchange exchange, Fault stray, string answer)
    {
        exchange.DropFaults();
        return ApiError.WriteAsync(
            exchange, 500, $"anthropic-fake: {FaultGrammar.NameOf(stray.Kind)} cannot strike {answer}", curable: false);
    }
}

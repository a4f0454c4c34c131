namespace TraceVault.FakeAnthropic;

/// <summary>A fault that finds no place in its answer. Dropped in silence it would leave a healthy answer, and a test that passes for nothing.</summary>
internal static class StrayFault
{
    private static readonly FaultKind[] WithinStream = [FaultKind.Silence, FaultKind.CutMidEvent, FaultKind.EndEarly, FaultKind.ErrorEvent];

    /// <summary>The faults that strike between events, in the order in which they do; a pause comes before the end that follows the same event.</summary>
    public static Fault[] OfStream(Exchange exchange) =>
        [.. exchange.Faults.Where(fault => WithinStream.Contains(fault.Kind)).OrderBy(fault => fault.After).ThenBy(fault => fault.Kind)];

    /// <returns>The first fault of one of the kinds, which the answer has no place for.</returns>
    public static Fault? Find(Exchange exchange, FaultKind[] placeless) => exchange.Faults.FirstOrDefault(fault => placeless.Contains(fault.Kind));

    /// <returns>The first of the ordered faults that comes too late in a stream of so many events, null when all of them strike.</returns>
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

    /// <summary>Answers 500 in place of a healthy answer, and asks for no repetition: that would find the fault gone.</summary>
    public static Task RefuseAsync(Exchange exchange, Fault stray, string answer)
    {
        exchange.DropFaults();
        return ApiError.WriteAsync(exchange, 500, $"anthropic-fake: {FaultGrammar.NameOf(stray.Kind)} cannot strike {answer}", curable: false);
    }
}

namespace TraceVault.Tests;

/// <summary>How long a test waits for one thing: what never comes fails it instead of holding up the whole run.</summary>
internal static class Patience
{
    /// <summary>A minute from now on, or the end of the test; many times what the slowest machine needs.</summary>
    public static CancellationToken Cancel => Within(TimeSpan.FromMinutes(1));

    /// <summary>For the few waits that are long by their nature.</summary>
    public static CancellationToken Within(TimeSpan limit)
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        source.CancelAfter(limit);
        return source.Token;
    }
}

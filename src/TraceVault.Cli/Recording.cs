namespace TraceVault.Cli;

/// <summary>What the server records of the caller, in words.</summary>
internal static class Recording
{
    /// <summary>How long the server may take before a command starts without the warning.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    public static string Describe(CaptureAnswer capture) => capture.Effective switch
    {
        "off" => "off: nothing of your requests is kept",
        "usage" => $"usage, no content, for {Days(capture.UsageDays)}",
        "full" => $"full: every byte of requests and answers for {Days(capture.ContentDays)}, usage for {Days(capture.UsageDays)}",
        var newer => newer, // a mode of a newer server's
    };

    /// <returns>A line for a person whose requests are recorded whole; null when they are not, or when the server does not say.</returns>
    public static async Task<string?> WarningAsync(CliConsole console, Credentials credentials)
    {
        using var late = new CancellationTokenSource(Limit, console.Clock);
        try
        {
            using var api = new ApiClient(credentials.Server, credentials.Token);
            return await api.CaptureAsync(late.Token) is { Effective: "full" } capture
                ? $"{credentials.ServerUrl} records every byte of your requests and their answers for {Days(capture.ContentDays)}. "
                    + $"Your choice: {credentials.ServerUrl}/me/privacy"
                : null;
        }
        catch (Exception unheard) when (unheard is CommandFailure or OperationCanceledException)
        {
            return null; // the command itself will say whether the server can be used
        }
    }

    private static string Days(int days) => days == 1 ? "1 day" : $"{days} days";
}

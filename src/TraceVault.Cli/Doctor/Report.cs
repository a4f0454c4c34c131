namespace TraceVault.Cli.Doctor;

/// <summary>Prints findings: a line each as soon as it is there, or all as JSON at the end.</summary>
/// <param name="secrets">Never printed, even when a server repeats them.</param>
internal sealed class Report(CliConsole console, bool json, IReadOnlyList<string> secrets)
{
    /// <summary>The longest text that is printed, in characters; a server may send any amount.</summary>
    private const int MaxText = 500;

    private const int NameWidth = 20;

    /// <summary>In characters. A shorter text is no secret, and could be part of a word.</summary>
    private const int LeastSecret = 8;

    private readonly List<CheckAnswer> _answers = [];

    public void Add(string check, Finding finding)
    {
        var answer = new CheckAnswer(
            check, Word(finding.Result), Clean(finding.Detail), finding.Remedy is { } remedy ? Clean(remedy) : null);
        _answers.Add(answer);
        if (!json)
        {
            var arrow = console.Out.Style.Bold(answer.Remedy is null ? "" : " -> ");
            console.Out.WriteLine($"{Coloured(finding.Result)}  {check.PadRight(NameWidth)}{answer.Detail}{arrow}{answer.Remedy}");
        }
    }

    /// <returns>The exit code.</returns>
    public int End()
    {
        if (json)
        {
            console.Out.WriteJson([.. _answers], CliJson.Printed.CheckAnswerArray);
        }
        else
        {
            console.Out.WriteLine(
                $"\n{Count(CheckResult.Ok)} ok, {Count(CheckResult.Warn)} to look at, "
                + $"{Count(CheckResult.Fail)} failed, {Count(CheckResult.Skip)} skipped.");
        }

        return Count(CheckResult.Fail) > 0 ? ExitCodes.Failed : ExitCodes.Done;
    }

    private static string Word(CheckResult result) => result.ToString().ToLowerInvariant();

    private int Count(CheckResult result) => _answers.Count(answer => answer.Result == Word(result));

    private Styled Coloured(CheckResult result) => result switch
    {
        CheckResult.Ok => console.Out.Style.Green("ok  "),
        CheckResult.Warn => console.Out.Style.Yellow("warn"),
        CheckResult.Fail => console.Out.Style.Red("FAIL"),
        _ => new("", "skip", ""),
    };

    /// <summary>Secrets are removed before the text is cut: half a token is a secret too.</summary>
    private string Clean(string text)
    {
        var clean = secrets.Where(secret => secret.Length >= LeastSecret)
            .Aggregate(text, (shown, secret) => shown.Replace(secret, "[secret]", StringComparison.Ordinal));
        return clean.Length > MaxText ? clean[..MaxText] + "…" : clean;
    }
}

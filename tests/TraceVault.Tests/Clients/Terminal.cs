using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace TraceVault.Tests.Clients;

/// <summary>
/// A program in a pseudo terminal, which <c>script</c> of util-linux makes, and a person who reads its screen and presses keys.
/// </summary>
internal sealed partial class Terminal : IDisposable
{
    public const string Enter = "\r", Up = "\e[A";

    private readonly Process _process;
    private readonly StringBuilder _raw = new();
    private int _read;

    /// <param name="program">Its full path.</param>
    /// <param name="argument">Its one argument.</param>
    /// <param name="workingDirectory">Where it runs.</param>
    /// <param name="environment">All that it is given.</param>
    public Terminal(string program, string argument, string workingDirectory, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(
            "script", ["--quiet", "--flush", "--return", "--command", $"stty rows 40 cols 120; exec '{program}' '{argument}'", "/dev/null"])
        {
            WorkingDirectory = workingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        ClientProcess.SetEnvironment(start, environment);
        start.Environment["TERM"] = "xterm-256color";
        _process = Process.Start(start)!;
    }

    /// <summary>Reads on until the screen shows this, counted from where the last such wait ended.</summary>
    /// <param name="shown">A regular expression over the text without blanks: a terminal program skips them by moving the cursor.</param>
    /// <param name="cancel">Ends the waiting; the failure shows what was on the screen.</param>
    public async Task<Match> SeeAsync(string shown, CancellationToken cancel)
    {
        var buffer = new char[4096];
        while (true)
        {
            var text = Screen();
            if (Regex.Match(text[_read..], shown) is { Success: true } match)
            {
                _read += match.Index + match.Length;
                return match;
            }

            try
            {
                var count = await _process.StandardOutput.ReadAsync(buffer, cancel);
                Assert.True(count > 0, $"The program ended before it showed {shown}:\n{text}");
                _raw.Append(buffer, 0, count);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"{shown} was not shown:\n{text}");
            }
        }
    }

    public async Task PressAsync(string keys, CancellationToken cancel)
    {
        await _process.StandardInput.WriteAsync(keys.AsMemory(), cancel);
        await _process.StandardInput.FlushAsync(cancel);
    }

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    /// <summary>What was written so far; a sequence whose end has not come yet is left for later.</summary>
    private string Screen() => Blank().Replace(ControlSequence().Replace(UnfinishedSequence().Replace(_raw.ToString(), ""), ""), "");

    [GeneratedRegex(@"\e\[[0-9;:?<>=]*[ -/]*[@-~]|\e\][^\a\e]*(\a|\e\\)|\e[()].|\e[=>78cM]|\eP[^\e]*\e\\")]
    private static partial Regex ControlSequence();

    [GeneratedRegex(@"\e(\[[0-9;:?<>=]*[ -/]*|\][^\a\e]*\e?|[()]|P[^\e]*\e?)?$")]
    private static partial Regex UnfinishedSequence();

    [GeneratedRegex(@"[\s\0-\x1f\x7f]+")]
    private static partial Regex Blank();
}

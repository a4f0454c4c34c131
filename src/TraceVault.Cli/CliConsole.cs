using System.Text;

namespace TraceVault.Cli;

/// <summary>Everything that a command sees of the machine, so that a test can stand in for the machine.</summary>
internal sealed class CliConsole
{
    public required Printer Out { get; init; }

    public required Printer Error { get; init; }

    /// <summary>Standard input; opened at the first use, so that <c>proxy run</c> passes it on untouched.</summary>
    public required Lazy<TextReader> In { get; init; }

    /// <summary>Null when standard input is not a terminal: then nobody can be asked.</summary>
    public KeyReader? Keys { get; init; }

    /// <summary>An environment variable; null when it is unset or empty.</summary>
    public required Func<string, string?> Variable { get; init; }

    /// <summary>Null when there is no browser to open.</summary>
    public Action<Uri>? OpenBrowser { get; init; }

    /// <summary>Whether <see cref="Error"/> is a terminal, where a person watches what is written.</summary>
    public bool IsErrorTerminal { get; init; }

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    public static CliConsole OfProcess()
    {
        var colours = Variable("NO_COLOR") is null && Variable("TERM") is not "dumb";
        return new()
        {
            Out = new(Writer(Console.OpenStandardOutput), colours && !Console.IsOutputRedirected),
            Error = new(Writer(Console.OpenStandardError), colours && !Console.IsErrorRedirected),
            In = new(() => new StreamReader(Console.OpenStandardInput(), new UTF8Encoding(false))),
            Keys = Console.IsInputRedirected ? null : new KeyReader(),
            Variable = Variable,
            OpenBrowser = Browser.Find(Variable),
            IsErrorTerminal = !Console.IsErrorRedirected,
        };

        static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
    }

    // Not Console.Out, which sets the terminal up for key presses: the command that `proxy run` starts would inherit that.
    // On Windows Console.Out is needed, because it knows the console's code page.
    private static TextWriter Writer(Func<Stream> open) =>
        OperatingSystem.IsWindows()
            ? open == Console.OpenStandardOutput ? Console.Out : Console.Error
            : new StreamWriter(open(), new UTF8Encoding(false)) { AutoFlush = true };
}

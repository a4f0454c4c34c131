using System.Text;

namespace TraceVault.Cli;

/// <summary>Asks a person, key by key; questions go to standard error, so that standard output holds answers only.</summary>
internal static class Prompt
{
    /// <exception cref="CommandFailure">
    /// Wrong usage when nobody can be asked; <paramref name="instead"/> says what to give then.
    /// </exception>
    public static string Ask(CliConsole console, string question, string instead) =>
        Read(console, question, instead, echo: true, wholePaste: false).Trim();

    /// <summary>As <see cref="Ask"/>, without echo.</summary>
    public static Secret AskSecret(CliConsole console, string question, string instead) =>
        new(Read(console, question, instead, echo: false, wholePaste: false));

    /// <summary>
    /// As <see cref="AskSecret"/>, but keeps the line breaks of a pasted text, so that they can be refused instead of cutting it short.
    /// </summary>
    public static Secret AskPastedSecret(CliConsole console, string question, string instead) =>
        new(Read(console, question, instead, echo: false, wholePaste: true).TrimEnd('\n'));

    /// <summary>All of standard input, without one trailing line break.</summary>
    public static async Task<Secret> ReadPipedAsync(CliConsole console, CancellationToken cancel)
    {
        var text = await console.In.Value.ReadToEndAsync(cancel);
        return new(text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2] : text.EndsWith('\n') ? text[..^1] : text);
    }

    private static string Read(CliConsole console, string question, string instead, bool echo, bool wholePaste)
    {
        if (console.Keys is not { } keys)
        {
            throw CommandFailure.Usage($"Standard input is not a terminal, so there is nobody to ask. {instead}");
        }

        keys.TakeControlC(true);
        try
        {
            console.Error.Write($"{console.Error.Style.Bold(question)} ");
            return ReadLine(keys, echo ? console.Error.Unfiltered : TextWriter.Null, wholePaste);
        }
        finally
        {
            console.Error.WriteLine("");
            keys.TakeControlC(false);
        }
    }

    private static string ReadLine(KeyReader keys, TextWriter echo, bool wholePaste)
    {
        var text = new StringBuilder();
        while (true)
        {
            var pressed = keys.Read();
            switch (pressed)
            {
                case { Key: ConsoleKey.C, Modifiers: ConsoleModifiers.Control }:
                case { Key: ConsoleKey.D, Modifiers: ConsoleModifiers.Control } when text.Length == 0:
                    throw new OperationCanceledException();
                case { Key: ConsoleKey.Enter } when wholePaste && keys.Waiting:
                    text.Append('\n');
                    break;
                case { Key: ConsoleKey.Enter }:
                    return text.ToString();
                case { Key: ConsoleKey.U, Modifiers: ConsoleModifiers.Control }:
                    Erase(text, text.Length, echo);
                    break;
                case { Key: ConsoleKey.Backspace }:
                    Erase(text, text.Length > 1 && char.IsLowSurrogate(text[^1]) ? 2 : Math.Min(1, text.Length), echo);
                    break;
                case { KeyChar: var typed } when !char.IsControl(typed):
                    text.Append(pressed.KeyChar);
                    echo.Write(pressed.KeyChar);
                    break;
            }
        }
    }

    private static void Erase(StringBuilder text, int count, TextWriter echo)
    {
        text.Length -= count;
        for (; count > 0; count--)
        {
            echo.Write("\b \b");
        }
    }
}

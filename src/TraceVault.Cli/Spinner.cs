namespace TraceVault.Cli;

/// <summary>Shows, on a terminal, that the program is waiting.</summary>
internal static class Spinner
{
    private const string Frames = @"|/-\";

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(125);

    public static async Task WaitAsync(CliConsole console, string text, TimeSpan wait, CancellationToken cancel)
    {
        if (!console.IsErrorTerminal)
        {
            await Task.Delay(wait, console.Clock, cancel);
            return;
        }

        try
        {
            var end = console.Clock.GetUtcNow() + wait;
            for (var i = 0; console.Clock.GetUtcNow() < end; i++)
            {
                console.Error.Unfiltered.Write($"\r{Frames[i % Frames.Length]} {text}");
                await Task.Delay(Tick, console.Clock, cancel);
            }
        }
        finally
        {
            console.Error.Unfiltered.Write($"\r{new string(' ', text.Length + 2)}\r");
        }
    }
}

using TraceVault.Cli;

namespace TraceVault.Tests.Cli;

/// <summary>
/// A person at the keyboard: <c>\n</c> is Enter, <c>\b</c> Backspace, <c>\x03</c>, <c>\x04</c> and <c>\x15</c> are Ctrl-C, Ctrl-D and
/// Ctrl-U.
/// </summary>
/// <param name="text">The keys in order.</param>
/// <param name="pasted">Whether they arrive all at once.</param>
internal sealed class TypedKeys(string text, bool pasted) : KeyReader
{
    private readonly Queue<char> _keys = new(text);

    public override bool Waiting => pasted && _keys.Count > 0;

    public override void TakeControlC(bool take)
    {
    }

    public override ConsoleKeyInfo Read() => _keys.Dequeue() switch
    {
        '\n' => new('\r', ConsoleKey.Enter, false, false, false),
        '\b' => new('\b', ConsoleKey.Backspace, false, false, false),
        '\x03' => new('\x03', ConsoleKey.C, false, false, true),
        '\x04' => new('\x04', ConsoleKey.D, false, false, true),
        '\x15' => new('\x15', ConsoleKey.U, false, false, true),
        var other => new(other, ConsoleKey.None, false, false, false),
    };
}

namespace TraceVault.Cli;

/// <summary>Key presses of the terminal, unechoed.</summary>
internal class KeyReader
{
    /// <summary>Whether another key press is already waiting, as after a paste.</summary>
    public virtual bool Waiting => Console.KeyAvailable;

    /// <summary>Makes Ctrl-C a key instead of a signal, so that a prompt can end tidily.</summary>
    public virtual void TakeControlC(bool take) => Console.TreatControlCAsInput = take;

    public virtual ConsoleKeyInfo Read() => Console.ReadKey(intercept: true);
}

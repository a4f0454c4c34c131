namespace TraceVault.Cli;

/// <summary>The entry of <c>tracevault</c>. A named class: the tests see two programs' internals and need to tell them apart.</summary>
internal static class Program
{
    public static Task<int> Main(string[] args) => TraceVaultCommand.RunAsync(args, CliConsole.OfProcess());
}

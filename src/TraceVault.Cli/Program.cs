namespace TraceVault.Cli;

/// <summary>
/// The entry point of <c>tracevault</c>. A named class, because the tests see the internals of two programs and have to tell them apart.
/// </summary>
internal static class Program
{
    public static Task<int> Main(string[] args) => TraceVaultCommand.RunAsync(args, CliConsole.OfProcess());
}

using TraceVault.Tests.Capture;

/// <summary>
/// Lets these tests run a few lines of their own in another process: .NET calls it there before <c>Main</c> when the variable
/// <c>DOTNET_STARTUP_HOOKS</c> names this assembly.
/// </summary>
#pragma warning disable CA1050 // .NET looks for it outside all namespaces
internal static class StartupHook
#pragma warning restore CA1050
{
    public static void Initialize() => SpoolChild.Run();
}

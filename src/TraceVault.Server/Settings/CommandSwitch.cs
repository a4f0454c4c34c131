namespace TraceVault.Settings;

/// <summary>An argument without a value that makes the program do something other than serve.</summary>
/// <param name="Name">As typed, such as <c>--help</c>.</param>
/// <param name="Meaning">What <c>--help</c> says about it.</param>
/// <param name="RunAsync">Takes the other arguments and returns the exit code.</param>
internal sealed record CommandSwitch(string Name, string Meaning, Func<string[], Task<int>> RunAsync);

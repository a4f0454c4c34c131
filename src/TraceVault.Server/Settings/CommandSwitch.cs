namespace TraceVault.Settings;

/// <summary>An argument without a value, that makes the program do something else than serve.</summary>
/// <param name="Name">As typed, <c>--help</c>.</param>
/// <param name="Meaning">For the help.</param>
/// <param name="RunAsync">Takes the other arguments, returns the exit code.</param>
internal sealed record CommandSwitch(string Name, string Meaning, Func<string[], Task<int>> RunAsync);

namespace TraceVault.Settings;

/// <summary>An argument without a value that makes the program do something other than serve.</summary>
/// <param name="Name">As typed, such as <c>--help</c>.</param>
/// <param name="Meaning">What <c>--help</c> says about it.</param>
/// <param name="RunAsync">Takes the other arguments and the way to the whole server; returns the exit code.</param>
internal sealed record CommandSwitch(string Name, string Meaning, Func<string[], WholeServer, Task<int>> RunAsync);

/// <summary>The way to the server with all its features, for a command of one feature, which must not know the others.</summary>
/// <param name="Build">Builds it from its settings: to be started, or for a command that only works on the database.</param>
/// <param name="StartAsync">Prepares the database of what was built, and listens.</param>
internal sealed record WholeServer(Func<SettingsReader, WebApplication> Build, Func<WebApplication, Task> StartAsync);

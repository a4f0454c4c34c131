namespace TraceVault.Settings;

/// <summary>The server cannot start; the message is the one line that its operator needs, and holds no secret.</summary>
internal sealed class StartupException(string message) : Exception(message);

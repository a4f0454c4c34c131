namespace TraceVault.Identity;

/// <summary>The session that asked for a change ended before it was made: with a changed password perhaps, so the change is not made.</summary>
internal sealed class SessionOverException() : Exception("The session ended meanwhile.");

namespace TraceVault.Identity;

/// <summary>
/// The session that asked for a change ended before the change was made, perhaps because the password was changed. The change is not made.
/// </summary>
internal sealed class SessionOverException() : Exception("The session ended in the meantime.");

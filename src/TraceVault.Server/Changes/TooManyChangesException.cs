namespace TraceVault.Changes;

/// <summary>One person made so many changes that the audit log would fill up. Nothing was changed.</summary>
internal sealed class TooManyChangesException() : Exception("Too many changes by one person.");

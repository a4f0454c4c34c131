namespace TraceVault.Audit;

/// <summary>Somebody changes so much that the audit log would fill up. Nothing was changed.</summary>
internal sealed class TooManyChangesException() : Exception("Too many changes by one person.");

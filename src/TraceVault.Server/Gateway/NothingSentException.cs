namespace TraceVault.Gateway;

/// <summary>A connection turned out to be over before any of a request was sent, so another connection may take the request.</summary>
internal sealed class NothingSentException() : IOException("The connection was over before the request.");

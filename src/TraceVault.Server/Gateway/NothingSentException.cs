namespace TraceVault.Gateway;

/// <summary>A connection turned out to be over before anything of a request was sent: another one may take it.</summary>
internal sealed class NothingSentException() : IOException("The connection was over before the request.");

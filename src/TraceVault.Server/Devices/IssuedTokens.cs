using TraceVault.Accounts;

namespace TraceVault.Devices;

/// <summary>The two tokens of a session in clear, which only this answer holds.</summary>
internal sealed record IssuedTokens(AccessToken Access, AccessToken Refresh, DateTimeOffset ExpiresAt);

/// <summary>How a token request ended: with an error or with tokens.</summary>
internal sealed record GrantResult(OAuthError? Error, IssuedTokens? Tokens = null);

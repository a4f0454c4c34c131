using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;

namespace TraceVault.Accounts;

/// <summary>
/// Provides the policies as configured. The framework caches policies only for its own provider, and for that it builds all endpoints
/// before the server listens.
/// </summary>
internal sealed class PolicyProvider(IOptions<AuthorizationOptions> options) : DefaultAuthorizationPolicyProvider(options);

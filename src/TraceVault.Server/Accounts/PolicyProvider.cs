using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;

namespace TraceVault.Accounts;

/// <summary>Policies as configured. The framework caches the policies of its own provider alone, for which it makes all endpoints before the server listens.</summary>
internal sealed class PolicyProvider(IOptions<AuthorizationOptions> options) : DefaultAuthorizationPolicyProvider(options);

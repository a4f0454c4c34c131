using System.Text.Json.Serialization;
using TraceVault.Accounts;
using TraceVault.Accounts.Devices;
using TraceVault.Audit;
using TraceVault.Me;
using TraceVault.Members;

namespace TraceVault.Operations;

/// <summary>
/// Lists every type that an endpoint reads or writes as JSON, so that the start needs no reflection for them. A type that is missing here
/// is refused: at the start if a signature names it, otherwise in the first answer with it.
/// </summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(AuditAnswer))]
[JsonSerializable(typeof(CreatedInvite))]
[JsonSerializable(typeof(CreatedToken))]
[JsonSerializable(typeof(DeviceAnswer))]
[JsonSerializable(typeof(HealthAnswer))]
[JsonSerializable(typeof(IEnumerable<ListedInvite>))]
[JsonSerializable(typeof(IEnumerable<ListedMember>))]
[JsonSerializable(typeof(IEnumerable<ListedSession>))]
[JsonSerializable(typeof(IEnumerable<ListedToken>))]
[JsonSerializable(typeof(InviteRequest))]
[JsonSerializable(typeof(KeyAnswer))]
[JsonSerializable(typeof(KeyRequest))]
[JsonSerializable(typeof(LinkAnswer))]
[JsonSerializable(typeof(LoginRequest))]
[JsonSerializable(typeof(MeAnswer))]
[JsonSerializable(typeof(OAuthError))]
[JsonSerializable(typeof(PasswordRequest))]
[JsonSerializable(typeof(RoleRequest))]
[JsonSerializable(typeof(ServerMetadata))]
[JsonSerializable(typeof(SetupCheckRequest))]
[JsonSerializable(typeof(SetupRequest))]
[JsonSerializable(typeof(SignInAnswer))]
[JsonSerializable(typeof(TokenAnswer))]
[JsonSerializable(typeof(TokenRequest))]
internal sealed partial class ApiJson : JsonSerializerContext;

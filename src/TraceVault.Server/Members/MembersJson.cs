using System.Text.Json.Serialization;

namespace TraceVault.Members;

/// <summary>What the endpoints of members and invites read and write.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(CreatedInvite))]
[JsonSerializable(typeof(IEnumerable<ListedInvite>))]
[JsonSerializable(typeof(IEnumerable<ListedMember>))]
[JsonSerializable(typeof(InviteRequest))]
[JsonSerializable(typeof(LinkAnswer))]
[JsonSerializable(typeof(PasswordRequest))]
[JsonSerializable(typeof(RoleRequest))]
internal sealed partial class MembersJson : JsonSerializerContext;

using System.Text.Json.Serialization;

namespace TraceVault.Me;

/// <summary>What the signed-in user's endpoints read and write.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(CreatedToken))]
[JsonSerializable(typeof(IEnumerable<ListedSession>))]
[JsonSerializable(typeof(IEnumerable<ListedToken>))]
[JsonSerializable(typeof(KeyAnswer))]
[JsonSerializable(typeof(KeyRequest))]
[JsonSerializable(typeof(MeAnswer))]
[JsonSerializable(typeof(TokenRequest))]
internal sealed partial class MeJson : JsonSerializerContext;

using System.Text.Json.Serialization;

namespace TraceVault.Devices;

/// <summary>What the OAuth endpoints write.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(DeviceAnswer))]
[JsonSerializable(typeof(OAuthError))]
[JsonSerializable(typeof(ServerMetadata))]
[JsonSerializable(typeof(TokenAnswer))]
internal sealed partial class DevicesJson : JsonSerializerContext;

using System.Text.Json.Serialization;

namespace TraceVault.Operations;

/// <summary>What the health endpoints write.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(HealthAnswer))]
internal sealed partial class OperationsJson : JsonSerializerContext;

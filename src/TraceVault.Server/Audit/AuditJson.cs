using System.Text.Json.Serialization;

namespace TraceVault.Audit;

/// <summary>What the endpoint of the audit log writes.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(AuditAnswer))]
internal sealed partial class AuditJson : JsonSerializerContext;

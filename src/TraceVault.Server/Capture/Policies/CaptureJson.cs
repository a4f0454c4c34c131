using System.Text.Json.Serialization;

namespace TraceVault.Capture.Policies;

/// <summary>What the endpoints of the recording policy read and write.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ChoiceRequest))]
[JsonSerializable(typeof(OwnCaptureAnswer))]
[JsonSerializable(typeof(PolicyAnswer))]
[JsonSerializable(typeof(PolicyFields))]
internal sealed partial class CaptureJson : JsonSerializerContext;

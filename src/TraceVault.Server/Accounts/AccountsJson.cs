using System.Text.Json.Serialization;

namespace TraceVault.Accounts;

/// <summary>What the endpoints of set-up and sign-in read and write.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(LoginRequest))]
[JsonSerializable(typeof(SetupCheckRequest))]
[JsonSerializable(typeof(SetupRequest))]
[JsonSerializable(typeof(SignInAnswer))]
internal sealed partial class AccountsJson : JsonSerializerContext;

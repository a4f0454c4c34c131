using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace TraceVault.Cli;

internal sealed record SetupBody(
    Secret SetupToken, string Email, Secret Password,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Name);

internal sealed record SetupCheckBody(Secret SetupToken);

internal sealed record LoginBody(string Email, Secret Password);

internal sealed record KeyBody(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Secret? Key,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? MaxConcurrent,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? StoreAnyway);

internal sealed record SignInAnswer(Secret Token, DateTimeOffset ExpiresAt, SignInUser User);

internal sealed record SignInUser(string Email);

internal sealed record MeAnswer(string Email, MeSession Session, string? Name = null, string? Role = null);

internal sealed record MeSession(DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt);

internal sealed record KeyAnswer(
    bool Configured,
    DateTimeOffset? ConfiguredAt = null,
    DateTimeOffset? LastUsedAt = null,
    int? MaxConcurrent = null,
    bool? Readable = null,
    DateTimeOffset? WorksSince = null,
    DateTimeOffset? RefusedAt = null);

/// <summary>What is recorded of the caller.</summary>
/// <param name="Effective">The mode in force: <c>off</c>, <c>usage</c> or <c>full</c>.</param>
/// <param name="Mode">What the caller chose; null when that is nothing.</param>
internal sealed record CaptureAnswer(string Effective, int ContentDays, int UsageDays, string OthersContent, string? Mode = null);

/// <summary>RFC 8628, section 3.2.</summary>
internal sealed record DeviceAnswer(
    Secret DeviceCode,
    string UserCode,
    string VerificationUri,
    int ExpiresIn,
    string? VerificationUriComplete = null,
    int? Interval = null,
    string? LoginNotice = null);

/// <summary>RFC 6749, sections 5.1 and 5.2: tokens, or an error. The refresh token is not read: use alone prolongs the session.</summary>
internal sealed record TokenAnswer(Secret? AccessToken = null, string? Error = null);

/// <summary>
/// An error: RFC 9457 with the members <c>errors</c> (what is wrong with each field, by its name) and <c>code</c> (where a program can
/// act on it), or RFC 6749, section 5.2.
/// </summary>
internal sealed record Problem(
    string? Title = null,
    string? Detail = null,
    Dictionary<string, string[]>? Errors = null,
    string? Code = null,
    string? ErrorDescription = null);

/// <summary>What <c>status --json</c> prints; without <c>capture</c> at a server that records nothing yet.</summary>
internal sealed record StatusAnswer(
    string ServerUrl,
    string Email,
    string? Name,
    string? Role,
    MeSession Session,
    KeyAnswer AnthropicKey,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] CaptureAnswer? Capture);

/// <summary>What <c>proxy info --json</c> prints; the path is null when the environment holds the credentials.</summary>
internal sealed record ProxyInfoAnswer(
    string ServerUrl,
    string BaseUrl,
    string OpencodeBaseUrl,
    string ApiKeyHelper,
    string? CredentialsPath,
    string? Email,
    DateTimeOffset? ExpiresAt);

/// <summary>What <c>/readyz</c> says.</summary>
internal sealed record HealthAnswer(string Status, string? Reason = null);

/// <summary>An error in the form of Anthropic's API.</summary>
internal sealed record EnvelopeAnswer(string Type, EnvelopeError Error, string? RequestId = null);

internal sealed record EnvelopeError(string Type, string Message);

internal sealed record ModelsAnswer(ModelEntry[] Data);

internal sealed record ModelEntry(string Id);

/// <summary>A line of what <c>proxy doctor --json</c> prints.</summary>
internal sealed record CheckAnswer(string Check, string Result, string Detail, string? Remedy);

/// <summary>What any command prints with <c>--json</c> when it fails.</summary>
internal sealed record ErrorAnswer(ErrorText Error);

internal sealed record ErrorText(string Code, string Message);

/// <summary>Serialisers for all JSON that the program reads and writes, made at build time: a native binary has no reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true, Converters = [typeof(UtcConverter)])]
[JsonSerializable(typeof(Credentials))]
[JsonSerializable(typeof(SetupBody))]
[JsonSerializable(typeof(SetupCheckBody))]
[JsonSerializable(typeof(LoginBody))]
[JsonSerializable(typeof(KeyBody))]
[JsonSerializable(typeof(SignInAnswer))]
[JsonSerializable(typeof(DeviceAnswer))]
[JsonSerializable(typeof(TokenAnswer))]
[JsonSerializable(typeof(MeAnswer))]
[JsonSerializable(typeof(KeyAnswer))]
[JsonSerializable(typeof(CaptureAnswer))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(StatusAnswer))]
[JsonSerializable(typeof(ProxyInfoAnswer))]
[JsonSerializable(typeof(HealthAnswer))]
[JsonSerializable(typeof(EnvelopeAnswer))]
[JsonSerializable(typeof(ModelsAnswer))]
[JsonSerializable(typeof(CheckAnswer[]))]
[JsonSerializable(typeof(ErrorAnswer))]
internal sealed partial class CliJson : JsonSerializerContext
{
    /// <summary>For what people and scripts read: letters are not escaped, which would be unsafe only in a web page.</summary>
    public static CliJson Printed => field ??= new(
        new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}

/// <summary>Times as RFC 3339 in UTC, to the second.</summary>
internal sealed class UtcConverter : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", null));
}

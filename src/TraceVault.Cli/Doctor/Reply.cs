using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace TraceVault.Cli.Doctor;

/// <summary>An answer with its body.</summary>
internal sealed record Reply(int Status, HttpResponseHeaders Headers, HttpContentHeaders ContentHeaders, byte[] Body, TimeSpan Took)
{
    private const string OwnErrorHeader = "x-tracevault-error";

    public string MediaType => Header("content-type")?.Split(';')[0].Trim() is { Length: > 0 } type ? type : "no content type";

    /// <summary>The code of an error of TraceVault's own; null when the answer comes from elsewhere.</summary>
    public string? OwnError => Header(OwnErrorHeader);

    /// <summary>The body as an error in Anthropic's form; null when it is none.</summary>
    public EnvelopeAnswer? Error => Read(CliJson.Default.EnvelopeAnswer);

    /// <summary>The status, and the sentence in the body if there is one.</summary>
    public string Said => Error is { Error: { } error } ? $"HTTP {Status}, {error.Type}: {error.Message}" : $"HTTP {Status}, {MediaType}";

    public string? Header(string name) =>
        Headers.NonValidated.TryGetValues(name, out var values) || ContentHeaders.NonValidated.TryGetValues(name, out values)
            ? values.ToString()
            : null;

    /// <returns>Null when the body is something else.</returns>
    public T? Read<T>(JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return MediaType is "application/json" or "application/problem+json" ? JsonSerializer.Deserialize(Body, type) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

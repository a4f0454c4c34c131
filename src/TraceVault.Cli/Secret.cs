using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace TraceVault.Cli;

/// <summary>A token, password or key. It is never printed, and serialised only into a request or the credentials file.</summary>
[DebuggerDisplay("[secret]")]
[JsonConverter(typeof(Converter))]
internal sealed class Secret(string value)
{
    /// <summary>The secret itself. Named so that every use shows up in a search.</summary>
    public string Reveal() => value;

    /// <summary>Whether it can be sent in a header: printable ASCII without spaces.</summary>
    public bool FitsHeader => value.Length > 0 && value.All(c => c is > ' ' and < '\x7f');

    /// <summary>Whether it is a session token or a proxy token.</summary>
    public bool IsOfTraceVault =>
        value.StartsWith("tvs_", StringComparison.Ordinal) || value.StartsWith("tvp_", StringComparison.Ordinal);

    public override string ToString() => "[secret]";

    internal sealed class Converter : JsonConverter<Secret>
    {
        public override Secret? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.GetString() is { } text ? new Secret(text) : null;

        public override void Write(Utf8JsonWriter writer, Secret value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.Reveal());
    }
}

/// <summary>An Anthropic key as a person hands it over.</summary>
internal static class AnthropicKey
{
    /// <summary>The server's bounds, in characters.</summary>
    private const int MinLength = 20, MaxLength = 512;

    private const string Source = "https://console.anthropic.com/settings/keys";

    /// <summary>What people mistake for a key, by its prefix. The server knows these too; the check here sends nothing.</summary>
    private static readonly (string Prefix, string Kind)[] Others =
    [
        ("sk-ant-oat", "the token of a Claude subscription"),
        ("sk-ant-ort", "the refresh token of a Claude subscription"),
        ("sk-ant-admin", "an admin key, which sends no messages"),
        ("sk-ant-sid", "the session of a browser at claude.ai"),
        ("tvs_", "a token of TraceVault"),
        ("tvp_", "a token of TraceVault"),
        ("tvr_", "a token of TraceVault"),
        ("tvd_", "a token of TraceVault"),
        ("tvl_", "a token of TraceVault"),
    ];

    /// <summary>Says what is wrong before anything is sent; the text never repeats the key.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out Secret? key, [NotNullWhen(false)] out string? problem)
    {
        var trimmed = text.Trim(' ');
        key = new Secret(trimmed);
        problem = trimmed.Length == 0 ? "No key was given."
            : trimmed.Any(char.IsWhiteSpace) ? "The key holds spaces or line breaks. Copy it again, in one piece."
            : Array.Find(Others, other => trimmed.StartsWith(other.Prefix, StringComparison.Ordinal)).Kind is { } kind
                ? $"That is {kind}, not an API key. Make one at {Source}."
            : IsMasked(trimmed)
                ? "That is a key with its middle hidden, as a page shows it later. The whole key is shown only once, when it is made. "
                    + $"Make another at {Source}."
            : !trimmed.StartsWith("sk-ant-", StringComparison.Ordinal)
                ? (trimmed.StartsWith("sk-", StringComparison.Ordinal)
                        ? "That is a key of OpenAI or another provider"
                        : "That is not an Anthropic key")
                    + $": keys of Anthropic start with sk-ant-. Make one at {Source}."
            : !key.FitsHeader ? "The key holds characters that no key has. Copy it again."
            : trimmed.Length is < MinLength or > MaxLength
                ? $"A key has {MinLength} to {MaxLength} characters; this text has {trimmed.Length}. Copy it again."
            : null;
        return problem is null;
    }

    private static bool IsMasked(string text) =>
        text.AsSpan().ContainsAny("…•●∗＊")
        || (text.Contains("...", StringComparison.Ordinal) || text.Contains("***", StringComparison.Ordinal))
            && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '*');
}

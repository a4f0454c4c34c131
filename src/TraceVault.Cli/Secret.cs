using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace TraceVault.Cli;

/// <summary>A token, password or key. It does not print; it serialises only into a request or the credentials file.</summary>
[DebuggerDisplay("[secret]")]
[JsonConverter(typeof(Converter))]
internal sealed class Secret(string value)
{
    /// <summary>The secret itself. Named so that every use shows up in a search.</summary>
    public string Reveal() => value;

    /// <summary>Whether it can travel as a header: printable ASCII without spaces.</summary>
    public bool FitsHeader => value.Length > 0 && value.All(c => c is > ' ' and < '\x7f');

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
    /// <summary>Bounds of the server, in characters.</summary>
    private const int MinLength = 20, MaxLength = 512;

    /// <summary>Says what is wrong before anything is sent; the text never repeats the key.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out Secret? key, [NotNullWhen(false)] out string? problem)
    {
        var trimmed = text.Trim(' ');
        key = new Secret(trimmed);
        problem = trimmed.Length == 0 ? "No key was given."
            : trimmed.Any(char.IsWhiteSpace) ? "The key holds spaces or line breaks. Copy it once more, as one piece."
            : !trimmed.StartsWith("sk-ant-", StringComparison.Ordinal) ? "That is not an Anthropic key: those start with sk-ant-. Make one at https://console.anthropic.com/settings/keys."
            : !key.FitsHeader ? "The key holds characters that no key has. Copy it once more."
            : trimmed.Length is < MinLength or > MaxLength ? $"A key has {MinLength} to {MaxLength} characters; this text has {trimmed.Length}. Copy it once more."
            : null;
        return problem is null;
    }
}

using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace TraceVault.Vault;

/// <summary>A provider's API key in clear. It never prints, never serialises and is never stored.</summary>
[DebuggerDisplay("[provider key]")]
internal sealed class ProviderKey
{
    public const int MinLength = 20, MaxLength = 512;
    public const string AnthropicPrefix = "sk-ant-";

    /// <summary>What a key must look like, as a sentence.</summary>
    public static readonly string Rule = $"An Anthropic key starts with {AnthropicPrefix} and has {MinLength} to {MaxLength} printable characters without spaces.";

    private readonly string _value;

    private ProviderKey(string value) => _value = value;

    /// <summary>Accepts printable ASCII without spaces, <see cref="MinLength"/> to <see cref="MaxLength"/> characters, with Anthropic's prefix; surrounding white space is dropped.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out ProviderKey? key)
    {
        var trimmed = text?.Trim() ?? "";
        key = trimmed.Length is >= MinLength and <= MaxLength
            && trimmed.StartsWith(AnthropicPrefix, StringComparison.Ordinal)
            && !trimmed.AsSpan().ContainsAnyExceptInRange('!', '~')
            ? new ProviderKey(trimmed)
            : null;
        return key is not null;
    }

    /// <summary>For the vault: what it sealed was a key when it was sealed.</summary>
    internal static ProviderKey FromVault(string value) => new(value);

    /// <summary>The secret itself. Named so that every use shows up in a search.</summary>
    public string Reveal() => _value;

    public override string ToString() => "[provider key]";
}

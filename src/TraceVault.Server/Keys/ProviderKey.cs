using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace TraceVault.Keys;

/// <summary>A provider's API key in clear. It never prints, never serialises and is never stored.</summary>
[DebuggerDisplay("[provider key]")]
internal sealed class ProviderKey
{
    public const int MinLength = 20, MaxLength = 512;

    private readonly string _value;

    private ProviderKey(string value) => _value = value;

    /// <summary>
    /// Accepts printable ASCII without spaces, at most <see cref="MaxLength"/> characters, that the rule takes; surrounding white space is
    /// dropped.
    /// </summary>
    /// <param name="text">As somebody typed or pasted it.</param>
    /// <param name="rule">The provider's: what a text is instead of a key, as sentences that hold no part of it; null for a key.</param>
    /// <param name="key">Null when it is none.</param>
    /// <param name="problem">What the rule says; null when it is one.</param>
    public static bool TryParse(
        string? text, Func<string, string?> rule, [NotNullWhen(true)] out ProviderKey? key, [NotNullWhen(false)] out string? problem)
    {
        var trimmed = text?.Trim() ?? "";
        var isSendable = trimmed.Length is > 0 and <= MaxLength && !trimmed.AsSpan().ContainsAnyExceptInRange('!', '~');
        problem = rule(trimmed) ?? (isSendable ? null : $"A key has at most {MaxLength} printable characters without spaces.");
        key = problem is null ? new ProviderKey(trimmed) : null;
        return key is not null;
    }

    /// <summary>For the vault: what it sealed was a key when it was sealed.</summary>
    internal static ProviderKey FromVault(string value) => new(value);

    /// <summary>The secret itself. Named so that every use shows up in a search.</summary>
    public string Reveal() => _value;

    /// <summary>Whether the text holds a part of the key that is long enough to be none by chance.</summary>
    public bool IsPartlyIn(ReadOnlySpan<char> text)
    {
        const int Telling = 12;
        for (var i = 0; i + Telling <= text.Length; i++)
        {
            if (_value.AsSpan().Contains(text.Slice(i, Telling), StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    public override string ToString() => "[provider key]";
}

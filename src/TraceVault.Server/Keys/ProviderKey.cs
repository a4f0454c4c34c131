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
    /// Accepts at most <see cref="MaxLength"/> characters of printable ASCII without spaces, if the rule accepts them. Surrounding white
    /// space is dropped.
    /// </summary>
    /// <param name="text">As somebody typed or pasted it.</param>
    /// <param name="rule">The provider's rule: says what a text is instead of a key, in sentences that hold no part of it; null for a
    /// key.</param>
    /// <param name="key">Null when the text is no key.</param>
    /// <param name="problem">Why the text is no key; null when it is one.</param>
    public static bool TryParse(
        string? text, Func<string, string?> rule, [NotNullWhen(true)] out ProviderKey? key, [NotNullWhen(false)] out string? problem)
    {
        var trimmed = text?.Trim() ?? "";
        var isSendable = trimmed.Length is > 0 and <= MaxLength && !trimmed.AsSpan().ContainsAnyExceptInRange('!', '~');
        problem = rule(trimmed) ?? (isSendable ? null : $"A key has at most {MaxLength} printable characters without spaces.");
        key = problem is null ? new ProviderKey(trimmed) : null;
        return key is not null;
    }

    /// <summary>For the vault, without a check: what the vault sealed was a key when it was sealed.</summary>
    internal static ProviderKey FromVault(string value) => new(value);

    /// <summary>The secret itself. Named so that every use shows up in a search.</summary>
    public string Reveal() => _value;

    /// <summary>Whether the text holds a part of the key that is too long to be there by chance.</summary>
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

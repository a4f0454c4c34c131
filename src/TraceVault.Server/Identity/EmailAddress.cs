using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace TraceVault.Identity;

/// <summary>An e-mail address as it was typed, and the form in which it is unique.</summary>
internal sealed record EmailAddress(string Text, string Key)
{
    /// <summary>RFC 5321 §4.5.3.1.3: a path is at most 256 octets, angle brackets included.</summary>
    private const int MaxLength = 254;

    /// <summary>The special characters of RFC 5322 §3.2.3, without '@' and '.'.</summary>
    private static readonly SearchValues<char> Special = SearchValues.Create("()<>[]:;\\,\"");

    /// <summary>The address of an account, which was accepted before.</summary>
    public static EmailAddress Of(string accepted) => new(accepted, accepted.ToLowerInvariant());

    /// <summary>
    /// Accepts a new address only without characters that need quotes, and without characters that make it look like another one.
    /// </summary>
    public static bool TryParseNew(string? text, [NotNullWhen(true)] out EmailAddress? email) =>
        TryParse(text, out email) && !email.Text.Contains("..", StringComparison.Ordinal) && !email.Text.AsSpan().ContainsAny(Special)
        && PlainText.Is(email.Text) && !email.Text.Any(c => char.GetUnicodeCategory(c) is UnicodeCategory.Format);

    /// <summary>
    /// Accepts what looks like an address: one '@' with something on both sides, and no spaces or control characters.
    /// </summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out EmailAddress? email)
    {
        email = null;
        var trimmed = text?.Trim() ?? "";
        var at = trimmed.IndexOf('@', StringComparison.Ordinal);
        if (at < 1 || at != trimmed.LastIndexOf('@') || at == trimmed.Length - 1 || trimmed.Length > MaxLength
            || trimmed.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || char.IsSurrogate(c)))
        {
            return false;
        }

        email = new EmailAddress(trimmed, trimmed.ToLowerInvariant());
        return true;
    }
}

using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;

namespace TraceVault.Devices;

/// <summary>
/// The code that a person reads from one screen and types at another: eight of twenty consonants, shown as <c>WDJB-MJHT</c>
/// (RFC 8628 §6.1), about 34 bits.
/// </summary>
internal sealed class UserCode
{
    private const string Alphabet = "BCDFGHJKLMNPQRSTVWXZ"; // no vowels, so that no code is a word
    private const int Length = 8;

    private UserCode(string letters) => Letters = letters;

    /// <summary>The code as it is stored: in upper case, without the dash.</summary>
    public string Letters { get; }

    public static UserCode Create() => new(RandomNumberGenerator.GetString(Alphabet, Length));

    /// <summary>
    /// Accepts upper and lower case, and ignores spaces, dashes, dots and invisible characters anywhere: chats and mail programs add a
    /// zero-width space or a direction mark.
    /// </summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out UserCode? code)
    {
        code = null;
        if (text is null or { Length: > 100 })
        {
            return false;
        }

        var letters = string.Concat(text.Where(c => !IsSeparator(c))).ToUpperInvariant();
        code = letters.Length == Length && letters.All(Alphabet.Contains) ? new UserCode(letters) : null;
        return code is not null;
    }

    public override string ToString() => Format(Letters);

    /// <summary>The code as people read it.</summary>
    public static string Format(string letters) => $"{letters[..4]}-{letters[4..]}";

    private static bool IsSeparator(char c) =>
        char.IsWhiteSpace(c) || char.IsControl(c) || c is '.' or '\u2212' || char.GetUnicodeCategory(c) is UnicodeCategory.DashPunctuation
            or UnicodeCategory.ConnectorPunctuation or UnicodeCategory.Format
            or UnicodeCategory.NonSpacingMark; // for variation selectors
}

using System.Collections.Frozen;
using TraceVault.Identity;

namespace TraceVault.Accounts.Passwords;

/// <summary>The rules for a new password (NIST SP 800-63B §5.1.1.2: long, not a common one, no composition rules).</summary>
internal static class PasswordRules
{
    public const int MinLength = 12, MaxLength = 256;

    /// <summary>The rules in a sentence, for people who choose a password.</summary>
    public const string Hint = "At least 12 characters. Several unrelated words are easy to remember and hard to guess.";

    /// <summary>A text with fewer different characters than this is a pattern, not a password.</summary>
    private const int MinDistinct = 5;

    /// <summary>The most common passwords of at least twelve characters, in lower case.</summary>
    private static readonly FrozenSet<string> Common = ReadCommon();

    /// <summary>Words that are easy to guess whatever digits and signs surround them.</summary>
    private static readonly FrozenSet<string> CommonWords = FrozenSet.Create(
        StringComparer.Ordinal,
        "password", "passwort", "passw0rd", "p@ssw0rd", "p@ssword", "tracevault", "anthropic", "claude", "claudecode", "administrator",
        "admin", "welcome", "qwerty", "qwertyuiop", "letmein", "changeme", "iloveyou", "secret", "supersecret", "opensesame", "default");

    /// <returns>What is wrong with the password, as a sentence; null when it may be used.</returns>
    public static string? Problem(string? password, EmailAddress email)
    {
        // Keyboards type the same password in different forms.
        password = password is { Length: <= MaxLength } ? CanonicalForms.Composed(password) : password;
        if (password is null || password.Length < MinLength)
        {
            return $"The password is too short: it needs at least {MinLength} characters.";
        }

        if (password.Length > MaxLength)
        {
            return $"The password is too long: it may have at most {MaxLength} characters.";
        }

        var lower = password.ToLowerInvariant();
        var word = lower.Trim("0123456789!?.,;:-_+*#@$%&/()= ".ToCharArray());
        if (Common.Contains(lower) || CommonWords.Contains(word) || lower.Distinct().Count() < MinDistinct
            || lower == email.Key || word == email.Key.Split('@')[0])
        {
            return "The password is one of the first that an attacker would try: choose another, such as four random words.";
        }

        return null;
    }

    private static FrozenSet<string> ReadCommon()
    {
        using var reader = new StreamReader(typeof(PasswordRules).Assembly.GetManifestResourceStream("common-passwords.txt")!);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.Ordinal);
    }
}

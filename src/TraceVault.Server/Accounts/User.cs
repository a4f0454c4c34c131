using System.Diagnostics.CodeAnalysis;

namespace TraceVault.Accounts;

/// <summary>A person with an account.</summary>
public sealed record User(string Id, string Email, string? Name, string Role)
{
    public const string Owner = "owner", Admin = "admin", Member = "member";

    /// <summary>The roles that administer the server.</summary>
    internal static readonly string[] Administrators = [Owner, Admin];
}

/// <summary>An e-mail address as typed, and the form under which it is unique.</summary>
internal sealed record EmailAddress(string Text, string Key)
{
    /// <summary>RFC 5321 §4.5.3.1.3: a path is at most 256 octets, angle brackets included.</summary>
    private const int MaxLength = 254;

    /// <summary>The address of an account, which was accepted once.</summary>
    public static EmailAddress Of(string accepted) => new(accepted, accepted.ToLowerInvariant());

    /// <summary>Accepts what can be an address at a glance: one '@' with something on both sides, no spaces or control characters.</summary>
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

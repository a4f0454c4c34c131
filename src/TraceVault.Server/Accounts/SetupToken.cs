using System.Security.Cryptography;
using System.Text;
using TraceVault.Vault;

namespace TraceVault.Accounts;

/// <summary>
/// The token that is needed to create the first user. Unless it is configured, it is derived from the master key, so that it needs no
/// storage and is the same after a restart and on every server. Once there is a user it is good for nothing.
/// </summary>
internal sealed class SetupToken(AccountsOptions options, KeyRing ring)
{
    private const string Alphabet = "abcdefghjkmnpqrstuvwxyz23456789"; // without characters that look like others
    private const int Groups = 5, GroupLength = 5;

    private readonly string _value = options.SetupToken is { Length: > 0 } chosen ? chosen.Trim() : Derive(ring);

    public bool IsConfigured => options.SetupToken is { Length: > 0 };

    /// <summary>The secret itself, for the operator's terminal.</summary>
    public string Reveal() => _value;

    /// <summary>Compares in constant time.</summary>
    public bool Matches(string? offered) => offered is not null
        && CryptographicOperations.FixedTimeEquals(
            SHA256.HashData(Encoding.UTF8.GetBytes(offered.Trim())), SHA256.HashData(Encoding.UTF8.GetBytes(_value)));

    private static string Derive(KeyRing ring)
    {
        Span<byte> bytes = stackalloc byte[Groups * GroupLength * 2];
        ring.Sealing.Derive("tracevault/setup-token", bytes);
        var text = new StringBuilder();
        for (var i = 0; i < Groups * GroupLength; i++)
        {
            // With sixteen bits for each letter, the bias of the remainder stays below a thousandth.
            text.Append(i > 0 && i % GroupLength == 0 ? "-" : "")
                .Append(Alphabet[((bytes[2 * i] << 8) | bytes[(2 * i) + 1]) % Alphabet.Length]);
        }

        return text.ToString();
    }
}

namespace TraceVault.Vault;

/// <summary>A provider key as it is stored.</summary>
/// <param name="Sealed">Version, nonce, tag and ciphertext: see <see cref="KeyVault"/>.</param>
/// <param name="KeyId">Id of the master key it was sealed under.</param>
internal sealed record SealedKey(byte[] Sealed, string KeyId);

/// <summary>Whose key it is; bound to the seal, so that a key moved to another owner does not open.</summary>
internal sealed record KeyOwner(string UserId, string Provider = KeyOwner.Anthropic)
{
    public const string Anthropic = "anthropic";
}

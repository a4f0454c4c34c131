namespace TraceVault.Keys;

/// <summary>
/// A provider key as it is stored, with everything that its seal is bound to: in another row, or for another owner or provider, it does not
/// open.
/// </summary>
/// <param name="Id">The id of its row.</param>
/// <param name="Owner">Whose key it is.</param>
/// <param name="Provider">Which provider it is for, such as <c>anthropic</c>.</param>
/// <param name="Sealed">Version, nonce, tag and ciphertext: see <see cref="KeyVault"/>.</param>
/// <param name="KeyId">The id of the master key that it was sealed under.</param>
/// <param name="Binding">Which associated data it was sealed with: <see cref="KeyVault.Binding"/>, or <see
/// cref="KeyVault.FirstBinding"/>.</param>
internal sealed record SealedKey(string Id, KeyOwner Owner, string Provider, byte[] Sealed, string KeyId, long Binding);

using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace TraceVault.Vault;

/// <summary>One master key: 256 bits with an id. Keys are derived from it; it never encrypts anything itself.</summary>
[DebuggerDisplay("[master key {Id}]")]
internal sealed class RingKey(string id, byte[] material)
{
    public const int Size = 32;

    public string Id { get; } = id;

    /// <summary>
    /// Derives a key with HKDF-SHA-256 (RFC 5869); <paramref name="purpose"/> is the info, so that no two purposes share a key.
    /// </summary>
    public void Derive(string purpose, Span<byte> output, ReadOnlySpan<byte> salt = default) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, material, output, salt, Encoding.UTF8.GetBytes(purpose));

    public override string ToString() => $"[master key {Id}]";
}

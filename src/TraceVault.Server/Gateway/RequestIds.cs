using System.Buffers.Binary;
using System.Security.Cryptography;

namespace TraceVault.Gateway;

/// <summary>
/// Ids of requests: UUIDs of version 7 (RFC 9562 §5.7), as <see cref="Guid.CreateVersion7()"/> makes them, without asking the kernel for 16
/// random bytes each time.
/// </summary>
internal static class RequestIds
{
    private const int RandomOfOne = 10;

    private static readonly ThreadLocal<Randomness> Kept = new(() => new Randomness());

    public static string Create(DateTimeOffset now)
    {
        Span<byte> id = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(id, now.ToUnixTimeMilliseconds() << 16);
        Kept.Value!.Next(id[^RandomOfOne..]);
        id[6] = (byte)((id[6] & 0x0f) | 0x70); // the version
        id[8] = (byte)((id[8] & 0x3f) | 0x80); // the variant
        return new Guid(id, bigEndian: true).ToString();
    }

    private sealed class Randomness
    {
        private readonly byte[] _bytes = new byte[RandomOfOne * 100];
        private int _left;

        public void Next(Span<byte> to)
        {
            if (_left == 0)
            {
                RandomNumberGenerator.Fill(_bytes);
                _left = _bytes.Length;
            }

            _bytes.AsSpan(_bytes.Length - _left, to.Length).CopyTo(to);
            _left -= to.Length;
        }
    }
}

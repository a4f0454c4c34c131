using System.Buffers;

namespace TraceVault.Capture.Reading;

/// <summary>Bytes that wait for more of them, in an array of the pool; in none while there are none.</summary>
/// <param name="max">The most that are held.</param>
internal sealed class HeldBytes(int max) : IDisposable
{
    private const int First = 1024;
    private byte[]? _array;

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Bytes => _array.AsSpan(0, Length);

    /// <returns>False, with nothing added, when it would be too much.</returns>
    public bool Append(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > max - Length)
        {
            return false;
        }

        if (Length + bytes.Length > (_array?.Length ?? 0))
        {
            Grow(Length + bytes.Length);
        }

        bytes.CopyTo(_array.AsSpan(Length));
        Length += bytes.Length;
        return true;
    }

    /// <summary>Forgets the bytes and gives the array back.</summary>
    public void Clear()
    {
        if (_array is not null)
        {
            ArrayPool<byte>.Shared.Return(_array);
            (_array, Length) = (null, 0);
        }
    }

    public void Dispose() => Clear();

    private void Grow(int needed)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(First, Math.Max(needed, (int)Math.Min(max, 2L * Length))));
        Bytes.CopyTo(larger);
        if (_array is not null)
        {
            ArrayPool<byte>.Shared.Return(_array);
        }

        _array = larger;
    }
}

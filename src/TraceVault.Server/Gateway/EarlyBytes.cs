namespace TraceVault.Gateway;

/// <summary>Holds what an upstream sent before the HTTP client came to read it.</summary>
internal sealed class EarlyBytes
{
    /// <summary>How much is read ahead at first and at most, in bytes. Interim answers may come before the final one.</summary>
    private const int First = 4 << 10, Most = 64 << 10;

    private byte[] _bytes = [];
    private int _start, _end;
    private HttpIOException? _problem;

    /// <summary>Whether there is something to take: bytes, or a problem.</summary>
    public bool Any => _start < _end || _problem is not null;

    public bool IsFull => _end == Most;

    public void Clear() => (_start, _end, _problem) = (0, 0, null);

    /// <returns>
    /// The bytes that came, which the caller looks at and then <see cref="Keep">keeps</see>. Empty when the stream has ended.
    /// </returns>
    public async Task<ReadOnlyMemory<byte>> ReadAsync(Stream from)
    {
        if (_end == _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Clamp(2 * _bytes.Length, First, Most));
        }

        var free = _bytes.AsMemory(_end);
        return free[..await from.ReadAsync(free)];
    }

    /// <summary>Lets the bytes that were read last be taken.</summary>
    public void Keep(int count) => _end += count;

    /// <summary>Makes <see cref="Take"/> throw this problem from now on.</summary>
    public void Spoil(HttpIOException problem) => _problem = problem;

    /// <returns>How many bytes were taken.</returns>
    /// <exception cref="HttpIOException">The bytes were <see cref="Spoil">spoilt</see>.</exception>
    public int Take(Span<byte> to)
    {
        if (_problem is not null)
        {
            throw _problem;
        }

        var count = Math.Min(to.Length, _end - _start);
        _bytes.AsSpan(_start, count).CopyTo(to);
        _start += count;
        return count;
    }
}

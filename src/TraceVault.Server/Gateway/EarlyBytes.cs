namespace TraceVault.Gateway;

/// <summary>What an upstream said before the HTTP client came to read it.</summary>
internal sealed class EarlyBytes
{
    /// <summary>How much is read ahead at first and at most, in bytes: interim answers may go before the one that is looked for.</summary>
    private const int First = 4 << 10, Most = 64 << 10;

    private byte[] _bytes = [];
    private int _start, _end;
    private HttpIOException? _problem;

    /// <summary>Whether there is something to take, be it a problem.</summary>
    public bool Any => _start < _end || _problem is not null;

    public bool IsFull => _end == Most;

    public void Clear() => (_start, _end, _problem) = (0, 0, null);

    /// <returns>What came, to be <see cref="Keep">kept</see> once it was looked at; empty when the stream has ended.</returns>
    public async Task<ReadOnlyMemory<byte>> ReadAsync(Stream from)
    {
        if (_end == _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Clamp(2 * _bytes.Length, First, Most));
        }

        var free = _bytes.AsMemory(_end);
        return free[..await from.ReadAsync(free)];
    }

    /// <summary>From now on what was read last can be taken.</summary>
    public void Keep(int count) => _end += count;

    /// <summary>Who takes gets this instead.</summary>
    public void Spoil(HttpIOException problem) => _problem = problem;

    /// <returns>How many bytes were taken.</returns>
    /// <exception cref="HttpIOException">What came was <see cref="Spoil">spoilt</see>.</exception>
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

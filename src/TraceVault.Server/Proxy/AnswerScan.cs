namespace TraceVault.Proxy;

/// <summary>Reads over the head of an answer as its bytes come: whether it is a final one or an interim one (RFC 9110 §15.2), and where it ends.</summary>
internal sealed class AnswerScan
{
    /// <summary>Where the first digit of the status stands in <c>HTTP/1.1 200</c>.</summary>
    private const int StatusAt = 9;

    private int _column;
    private bool _isInFields, _isAfterReturn;

    /// <summary>Whether the final answer has begun.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Whether its head was read to the end: what follows is no more looked at.</summary>
    public bool IsOver { get; private set; }

    public void Reset() => (_column, _isInFields, _isAfterReturn, HasBegun, IsOver) = (0, false, false, false, false);

    /// <param name="bytes">What follows on what was read before.</param>
    /// <returns>Whether the final answer begins in them.</returns>
    /// <exception cref="HttpIOException">There is a NUL or a carriage return alone, which the HTTP client would make a space (RFC 9112 §2.2).</exception>
    public bool Read(ReadOnlySpan<byte> bytes)
    {
        var had = HasBegun;
        for (var i = 0; i < bytes.Length && !IsOver; i++)
        {
            var one = bytes[i];
            if (one == 0 || (_isAfterReturn && one != '\n'))
            {
                throw new HttpIOException(HttpRequestError.InvalidResponse, "There are control characters in the head of the upstream's answer.");
            }

            _isAfterReturn = one == '\r';
            if (one == '\n')
            {
                EndLine();
            }
            else if (!_isAfterReturn)
            {
                HasBegun |= !_isInFields && _column == StatusAt && one != '1';
                _column++;
            }
        }

        return HasBegun && !had;
    }

    /// <summary>An empty line ends the fields. Behind those of an interim answer comes another one.</summary>
    private void EndLine()
    {
        IsOver = _isInFields && _column == 0 && HasBegun;
        _isInFields = !_isInFields || _column > 0;
        _column = 0;
    }
}

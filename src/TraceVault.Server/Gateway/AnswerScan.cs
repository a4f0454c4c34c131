namespace TraceVault.Gateway;

/// <summary>
/// Scans the head of an answer as its bytes arrive, to tell whether the answer is final or interim (RFC 9110 §15.2), and where its head
/// ends.
/// </summary>
internal sealed class AnswerScan
{
    /// <summary>The columns of the status in <c>HTTP/1.1 200</c>.</summary>
    private const int StatusAt = 9, StatusEnd = 12;

    private int _column, _status;
    private bool _isInFields, _isAfterReturn;

    /// <summary>
    /// Whether the final answer has begun, or something that is no answer at all: in both cases no other answer will come.
    /// </summary>
    public bool HasBegun { get; private set; }

    /// <summary>Whether the head of the final answer was read to its end. What follows is not looked at any more.</summary>
    public bool IsOver { get; private set; }

    public void Reset() => (_column, _status, _isInFields, _isAfterReturn, HasBegun, IsOver) = (0, 0, false, false, false, false);

    /// <param name="bytes">The bytes that follow those of the last call.</param>
    /// <returns>Whether the final answer begins in these bytes.</returns>
    /// <exception cref="HttpIOException">
    /// There is a NUL or a bare carriage return, which the HTTP client would turn into a space (RFC 9112 §2.2).
    /// </exception>
    public bool Read(ReadOnlySpan<byte> bytes)
    {
        var had = HasBegun;
        for (var i = 0; i < bytes.Length && !IsOver; i++)
        {
            var one = bytes[i];
            if (one == 0 || (_isAfterReturn && one != '\n'))
            {
                throw new HttpIOException(
                    HttpRequestError.InvalidResponse, "There are control characters in the head of the upstream's answer.");
            }

            _isAfterReturn = one == '\r';
            if (one == '\n')
            {
                EndLine();
            }
            else if (!_isAfterReturn)
            {
                ReadStatus(one);
                _column++;
            }
        }

        return HasBegun && !had;
    }

    /// <summary>A status of 1xx makes an answer interim. But 101 would end HTTP on this connection, and nobody asked for it.</summary>
    private void ReadStatus(byte one)
    {
        if (!_isInFields && _column is >= StatusAt and < StatusEnd)
        {
            _status = (_status * 10) + (one - '0');
            HasBegun |= _column == StatusAt ? _status != 1 : _column == StatusEnd - 1 && _status is 101 or < 100 or > 199;
        }
    }

    /// <summary>An empty line ends the fields. After those of an interim answer comes another answer.</summary>
    private void EndLine()
    {
        HasBegun |= !_isInFields && _column < StatusEnd; // no status line
        IsOver = _isInFields && _column == 0 && HasBegun;
        _isInFields = !_isInFields || _column > 0;
        (_column, _status) = (0, 0);
    }
}

namespace TraceVault.Proxy;

/// <summary>Finds out whether what the upstream sends has come to a final answer, or is only an interim one (RFC 9110 §15.2).</summary>
internal sealed class EarlyAnswer
{
    /// <summary>Where the first digit of the status stands in <c>HTTP/1.1 200</c>.</summary>
    private const int StatusAt = 9;

    private int _column;
    private bool _isInFields;

    public bool HasBegun { get; private set; }

    public void Reset() => (_column, _isInFields, HasBegun) = (0, false, false);

    /// <param name="bytes">What follows on what was read before.</param>
    public bool Read(ReadOnlySpan<byte> bytes)
    {
        foreach (var one in bytes)
        {
            if (!_isInFields && _column == StatusAt && one != '1')
            {
                return HasBegun = true;
            }

            if (one == '\n')
            {
                _isInFields = !_isInFields || _column > 0; // an empty line ends the fields of an interim answer
                _column = 0;
            }
            else if (one != '\r')
            {
                _column++;
            }
        }

        return false;
    }
}

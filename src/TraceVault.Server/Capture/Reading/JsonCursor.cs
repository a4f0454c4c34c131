namespace TraceVault.Capture.Reading;

/// <summary>
/// Walks the members of an object, or the elements of an array, and skips what is in them. It takes more than JSON allows, never throws,
/// and says <see cref="IsBroken"/> when it can't go on.
/// </summary>
/// <param name="text">UTF-8, perhaps cut, perhaps no JSON at all. A byte order mark is skipped.</param>
/// <param name="at">Where to begin.</param>
internal ref struct JsonCursor(ReadOnlySpan<byte> text, int at = 0)
{
    private readonly ReadOnlySpan<byte> _text = text;

    /// <summary>The place of the next byte.</summary>
    public int At { get; private set; } = at == 0 && text.StartsWith("\uFEFF"u8) ? 3 : at;

    /// <summary>The text was cut within what was asked for, or is no JSON.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Where the member begins: its comma, or the quote of its name when there is no comma before it.</summary>
    public int MemberStart { get; private set; }

    /// <summary>Steps into an object or array.</summary>
    /// <returns>Whether one begins here; otherwise nothing moved but white space.</returns>
    public bool Enter(char opening)
    {
        SkipSpace();
        if (At >= _text.Length || _text[At] != opening)
        {
            return false;
        }

        At++;
        return true;
    }

    /// <summary>Goes to the value of the next member.</summary>
    /// <param name="name">As it stands between the quotes, escapes included.</param>
    /// <returns>False behind the last one, with the closing bracket taken, and where it is broken.</returns>
    public bool NextMember(out ReadOnlySpan<byte> name)
    {
        name = default;
        if (!NextItem('}'))
        {
            return false;
        }

        var start = At;
        var end = _text[At] == '"' ? JsonSkipper.EndOfString(_text, At) : JsonSkipper.NoEnd;
        if (end == JsonSkipper.NoEnd)
        {
            return Break();
        }

        At = end;
        name = _text[(start + 1)..(end - 1)];
        return Enter(':') && SkipSpace() || Break();
    }

    /// <summary>Goes to the next element of an array; otherwise as <see cref="NextMember"/>.</summary>
    public bool NextElement() => NextItem(']');

    /// <summary>Takes the value that begins here.</summary>
    public bool TakeValue(out ReadOnlySpan<byte> value)
    {
        var end = JsonSkipper.EndOfValue(_text, At);
        if (end == JsonSkipper.NoEnd)
        {
            value = default;
            return Break();
        }

        value = _text[At..end];
        At = end;
        return true;
    }

    /// <summary>Takes a comma and white space, if they are here.</summary>
    public void SkipComma()
    {
        if (Enter(','))
        {
            SkipSpace();
        }
    }

    private bool NextItem(char closing)
    {
        if (IsBroken)
        {
            return false;
        }

        SkipSpace();
        MemberStart = At;
        SkipComma();
        return At >= _text.Length ? Break() : !Enter(closing);
    }

    /// <returns>Whether anything follows.</returns>
    public bool SkipSpace()
    {
        while (At < _text.Length && _text[At] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
        {
            At++;
        }

        return At < _text.Length;
    }

    private bool Break()
    {
        IsBroken = true;
        return false;
    }
}

using System.Buffers;

namespace TraceVault.Capture.Reading.Answers;

/// <summary>Takes an object apart, however its bytes are split, and hands on its members, one at a time.</summary>
/// <param name="take">Takes one member as an object of its own; of too large a one the beginning, and that it is cut.</param>
internal sealed class TopLevel(Action<HeldBytes, bool> take) : IDisposable
{
    /// <summary>
    /// The largest member that is handed on whole, in bytes. What says something about an answer is small; its content is not.
    /// </summary>
    public const int MaxMember = 64 << 10;

    private static readonly SearchValues<byte> Structure = SearchValues.Create("\"[]{},"u8);
    private readonly HeldBytes _member = new(MaxMember);
    private int _depth;
    private bool _isInString, _isBehindBackslash, _isCut;

    /// <summary>The object came to its end.</summary>
    public bool IsWhole { get; private set; }

    /// <returns>False when nothing more is to be had: the end was reached, or this is no object.</returns>
    public bool Push(ReadOnlySpan<byte> bytes)
    {
        if (_depth == 0 && !Begin(ref bytes))
        {
            return !IsWhole && bytes.IsEmpty;
        }

        while (!bytes.IsEmpty && !IsWhole)
        {
            var length = _isInString ? LengthInString(bytes) : LengthOutside(bytes);
            bytes = bytes[length..];
        }

        return !IsWhole;
    }

    public void Dispose() => _member.Dispose();

    /// <returns>Whether the object begins in these bytes; if not, and some are left, they begin something else.</returns>
    private bool Begin(ref ReadOnlySpan<byte> bytes)
    {
        bytes = bytes.TrimStart("\uFEFF \t\r\n"u8);
        if (IsWhole || bytes.IsEmpty || bytes[0] != '{')
        {
            return false;
        }

        bytes = bytes[1..];
        _depth = 1;
        _member.Append("{"u8);
        return true;
    }

    /// <returns>How many bytes were taken: to the end of the string, or all.</returns>
    private int LengthInString(ReadOnlySpan<byte> bytes)
    {
        var at = _isBehindBackslash ? 1 : 0;
        _isBehindBackslash = false;
        while (true)
        {
            var found = at < bytes.Length ? bytes[at..].IndexOfAny((byte)'"', (byte)'\\') : -1;
            if (found < 0)
            {
                Keep(bytes);
                return bytes.Length;
            }

            at += found;
            if (bytes[at] == '"')
            {
                _isInString = false;
                Keep(bytes[..(at + 1)]);
                return at + 1;
            }

            at += 2;
            _isBehindBackslash = at > bytes.Length;
        }
    }

    /// <returns>How many bytes were taken: to the next byte that means something, that one included.</returns>
    private int LengthOutside(ReadOnlySpan<byte> bytes)
    {
        var found = bytes.IndexOfAny(Structure);
        if (found < 0)
        {
            Keep(bytes);
            return bytes.Length;
        }

        var structure = bytes[found];
        _isInString = structure == '"';
        _depth += structure is (byte)'{' or (byte)'[' ? 1 : structure is (byte)'}' or (byte)']' ? -1 : 0;
        if (_depth == 0 || (_depth == 1 && structure == ','))
        {
            Keep(bytes[..found]);
            EndMember();
        }
        else
        {
            Keep(bytes[..(found + 1)]);
        }

        return found + 1;
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        // The end of the object is added last, and fits in always.
        var room = MaxMember - 1 - _member.Length;
        _isCut |= bytes.Length > room;
        _member.Append(bytes[..Math.Min(bytes.Length, room)]);
    }

    private void EndMember()
    {
        _member.Append("}"u8);
        take(_member, _isCut);
        _member.Clear();
        _isCut = false;
        IsWhole = _depth == 0;
        if (!IsWhole)
        {
            _member.Append("{"u8);
        }
    }
}

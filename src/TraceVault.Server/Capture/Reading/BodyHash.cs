using System.IO.Hashing;

namespace TraceVault.Capture.Reading;

/// <summary>Hashes a body without some of its top-level members.</summary>
internal sealed class BodyHash(long seed)
{
    private readonly XxHash3 _hash = new(seed);
    private int _hashed;

    /// <summary>
    /// Leaves out the member that was just read, with one comma: the one before it, or behind it for the first member. So the rest is the
    /// same wherever the member stood, and if it was not there.
    /// </summary>
    /// <param name="start">Where the member begins: at its comma, or at its name.</param>
    /// <param name="cursor">Stands behind the member.</param>
    public void LeaveOut(ReadOnlySpan<byte> body, int start, ref JsonCursor cursor)
    {
        _hash.Append(body[_hashed..start]);
        if (body[start] != ',')
        {
            cursor.SkipComma();
        }

        _hashed = cursor.At;
    }

    public ulong Finish(ReadOnlySpan<byte> body)
    {
        _hash.Append(body[_hashed..]);
        return _hash.GetCurrentHashAsUInt64();
    }
}

using System.IO.Hashing;

namespace TraceVault.Capture.Reading;

/// <summary>Hashes JSON as if no <c>cache_control</c> stood in it: clients move it on with each turn.</summary>
internal static class CacheControl
{
    private static ReadOnlySpan<byte> Name => "\"cache_control\""u8;

    public static ulong HashWithout(ReadOnlySpan<byte> json, long seed)
    {
        var (found, from) = (json.IndexOf(Name), 0);
        if (found < 0)
        {
            return XxHash3.HashToUInt64(json, seed);
        }

        var hash = new XxHash3(seed);
        while (found >= 0)
        {
            var next = from + found + Name.Length;
            if (TryFindMember(json, from + found, out var start, out var end) && start >= from)
            {
                hash.Append(json[from..start]);
                from = next = end;
            }
            else
            {
                hash.Append(json[from..next]);
                from = next;
            }

            found = json[from..].IndexOf(Name);
        }

        hash.Append(json[from..]);
        return hash.GetCurrentHashAsUInt64();
    }

    /// <summary>
    /// The name is a member's when no backslash stands before its first quote and a colon behind its last. Within a string both quotes
    /// would have a backslash, and where a string ends no name begins.
    /// </summary>
    private static bool TryFindMember(ReadOnlySpan<byte> json, int at, out int start, out int end)
    {
        (start, end) = (at, 0);
        var cursor = new JsonCursor(json, at + Name.Length);
        if (at == 0 || json[at - 1] == '\\' || !cursor.Enter(':'))
        {
            return false;
        }

        cursor.SkipSpace();
        if (!cursor.TakeValue(out _))
        {
            return false;
        }

        // With one comma: the one before it, or the one behind it for the first member.
        var before = json[..at].LastIndexOfAnyExcept(" \t\r\n"u8);
        if (before >= 0 && json[before] == ',')
        {
            start = before;
        }
        else
        {
            cursor.SkipComma();
        }

        end = cursor.At;
        return true;
    }
}

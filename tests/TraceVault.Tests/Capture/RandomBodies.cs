namespace TraceVault.Tests.Capture;

/// <summary>Bodies for tests that repeat many rounds: noise, text, runs of one byte.</summary>
internal static class RandomBodies
{
    /// <summary>What cannot be packed; the same for the same length.</summary>
    public static byte[] Noise(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    public static byte[] Fresh(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        var kind = random.Next(4);
        for (var i = 0; kind > 1 && i < length; i++)
        {
            bytes[i] = kind == 2 ? (byte)('a' + bytes[i] % 7) : (byte)(i / 1_000);
        }

        return bytes;
    }

    /// <summary>The same with some pieces put in, taken out, moved or changed.</summary>
    public static byte[] Edited(Random random, byte[] bytes)
    {
        var list = new List<byte>(bytes);
        for (var edits = random.Next(4); edits >= 0; edits--)
        {
            var at = random.Next(list.Count + 1);
            var length = random.Next(Math.Min(list.Count - at, 2_000) + 1);
            switch (random.Next(4))
            {
                case 0:
                    list.InsertRange(at, Fresh(random, random.Next(3_000)));
                    break;
                case 1:
                    list.RemoveRange(at, length);
                    break;
                case 2:
                    var moved = list.GetRange(at, length);
                    list.RemoveRange(at, length);
                    list.InsertRange(random.Next(list.Count + 1), moved);
                    break;
                default:
                    if (at < list.Count)
                    {
                        list[at] ^= (byte)(1 << random.Next(8));
                    }

                    break;
            }
        }

        return [.. list];
    }
}

namespace TraceVault.Cli;

/// <summary>Finds the names that a mistyped word may stand for.</summary>
internal static class Nearest
{
    /// <summary>Two swapped letters count as two edits.</summary>
    private const int MostEdits = 2;

    /// <summary>Too many names begin with a shorter word.</summary>
    private const int ShortestBeginning = 3;

    /// <param name="typed">The word; of <c>--name=value</c> only the name counts.</param>
    public static IEnumerable<string> Of(string typed, IEnumerable<string> names)
    {
        var word = typed.Split('=', ':')[0];
        return names.Where(name =>
            (word.Length >= ShortestBeginning && name.StartsWith(word, StringComparison.Ordinal)) || IsNear(Edits(word, name), name));
    }

    private static bool IsNear(int edits, string name) => edits <= MostEdits && edits * 2 < name.Length;

    /// <summary>The Levenshtein distance, one row of its table at a time.</summary>
    private static int Edits(string from, string to)
    {
        var row = Enumerable.Range(0, to.Length + 1).ToArray();
        for (var i = 0; i < from.Length; i++)
        {
            var diagonal = row[0]++;
            for (var j = 0; j < to.Length; j++)
            {
                (diagonal, row[j + 1]) =
                    (row[j + 1], Math.Min(Math.Min(row[j], row[j + 1]) + 1, from[i] == to[j] ? diagonal : diagonal + 1));
            }
        }

        return row[^1];
    }
}

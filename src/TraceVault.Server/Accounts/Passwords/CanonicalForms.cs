using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace TraceVault.Accounts.Passwords;

/// <summary>
/// The two canonical forms of a text (Unicode Standard Annex 15): composed, as most keyboards type it, and decomposed, as some programs
/// pass it on. The runtime's own <c>Normalize</c> does nothing here, because it needs ICU and the server runs without it (invariant
/// globalization).
/// </summary>
internal sealed class CanonicalForms
{
    /// <summary>Hangul syllables are composed by arithmetic (Unicode Standard, section 3.12).</summary>
    private const int SBase = 0xAC00, LBase = 0x1100, VBase = 0x1161, TBase = 0x11A7;

    private const int LCount = 19, VCount = 21, TCount = 28, SCount = LCount * VCount * TCount;

    private static readonly Lazy<CanonicalForms> Read = new(() => new CanonicalForms()); // most passwords are ASCII and need no table

    private readonly FrozenDictionary<int, int[]> _decompositions;
    private readonly FrozenDictionary<(int First, int Second), int> _compositions;
    private readonly FrozenDictionary<int, int> _classes;

    private CanonicalForms()
    {
        var decompositions = new Dictionary<int, int[]>();
        var compositions = new Dictionary<(int, int), int>();
        var classes = new Dictionary<int, int>();
        using var reader = new StreamReader(typeof(CanonicalForms).Assembly.GetManifestResourceStream("canonical-forms.txt")!);
        while (reader.ReadLine() is { } line)
        {
            switch (line.Split(' '))
            {
                case ["#", ..]:
                    break;
                case [var composed, "=", var first, var second]:
                    decompositions.Add(Hex(composed), [Hex(first), Hex(second)]);
                    compositions.Add((Hex(first), Hex(second)), Hex(composed));
                    break;
                case [var one, "-", .. var parts]:
                    decompositions.Add(Hex(one), Array.ConvertAll(parts, Hex));
                    break;
                case [var from, var to, var combining]:
                    for (var mark = Hex(from); mark <= Hex(to); mark++)
                    {
                        classes.Add(mark, int.Parse(combining, CultureInfo.InvariantCulture));
                    }

                    break;
            }
        }

        _decompositions = decompositions.ToFrozenDictionary();
        _compositions = compositions.ToFrozenDictionary();
        _classes = classes.ToFrozenDictionary();
    }

    public static string Composed(string text) => Ascii.IsValid(text) ? text : Text(Read.Value.Compose(Read.Value.Decompose(text)));

    public static string Decomposed(string text) => Ascii.IsValid(text) ? text : Text(Read.Value.Decompose(text));

    private List<int> Decompose(string text)
    {
        var parts = new List<int>(text.Length * 2);
        foreach (var rune in text.EnumerateRunes()) // half a surrogate pair becomes U+FFFD
        {
            Decompose(rune.Value, parts);
        }

        // Sorts marks by their class; marks of the same class keep their order.
        for (var i = 1; i < parts.Count; i++)
        {
            for (var j = i; j > 0 && Class(parts[j]) != 0 && Class(parts[j - 1]) > Class(parts[j]); j--)
            {
                (parts[j - 1], parts[j]) = (parts[j], parts[j - 1]);
            }
        }

        return parts;
    }

    private void Decompose(int letter, List<int> parts)
    {
        if (letter - SBase is >= 0 and < SCount and var syllable)
        {
            parts.Add(LBase + (syllable / (VCount * TCount)));
            parts.Add(VBase + (syllable % (VCount * TCount) / TCount));
            if (syllable % TCount is not 0 and var trailing)
            {
                parts.Add(TBase + trailing);
            }
        }
        else if (_decompositions.TryGetValue(letter, out var pieces))
        {
            foreach (var piece in pieces)
            {
                Decompose(piece, parts);
            }
        }
        else
        {
            parts.Add(letter);
        }
    }

    private List<int> Compose(List<int> parts)
    {
        var composed = new List<int>(parts.Count);
        var (starter, lastClass) = (-1, 0);
        foreach (var part in parts)
        {
            var combining = Class(part);
            var isNext = starter == composed.Count - 1;
            if (starter >= 0 && (isNext || lastClass < combining) && Pair(composed[starter], part) is { } pair)
            {
                composed[starter] = pair;
                continue;
            }

            if (combining == 0)
            {
                starter = composed.Count;
            }

            lastClass = combining;
            composed.Add(part);
        }

        return composed;
    }

    private int? Pair(int first, int second)
    {
        if (first - LBase is >= 0 and < LCount and var leading && second - VBase is >= 0 and < VCount and var vowel)
        {
            return SBase + (((leading * VCount) + vowel) * TCount);
        }

        if (first - SBase is >= 0 and < SCount and var syllable && syllable % TCount == 0
            && second - TBase is > 0 and < TCount and var trailing)
        {
            return first + trailing;
        }

        return _compositions.TryGetValue((first, second), out var composed) ? composed : null;
    }

    private int Class(int letter) => _classes.GetValueOrDefault(letter);

    private static int Hex(string text) => int.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private static string Text(List<int> runes)
    {
        var text = new StringBuilder(runes.Count);
        foreach (var rune in runes)
        {
            text.Append(new Rune(rune).ToString());
        }

        return text.ToString();
    }
}

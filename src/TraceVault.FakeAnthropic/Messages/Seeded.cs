using System.Text;

namespace TraceVault.FakeAnthropic;

/// <summary>Repeatable ids, words and signatures (SplitMix64, https://prng.di.unimi.it/splitmix64.c): same seed, same sequence.</summary>
internal sealed class Seeded(int seed)
{
    private const string Base58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

    /// <summary>Some letters take two to four bytes, so that a cut can fall inside one.</summary>
    private static readonly string[] Words =
    [
        "the ", "file ", "handler ", "reads ", "each ", "line, ", "then ", "writes ", "it ", "back; ", "naïve ", "`List<T>` ",
        "\"quoted\" ", "test.\n", "caller ", "keeps ", "größer ", "文字 ", "🙂 ", "because ", "a ", "stream ", "may ", "stop ",
        "here. ", "so ", "we ", "retry\n\n",
    ];

    private ulong _state = (uint)seed * 0xD1B54A32D192ED03;

    public int Next(int below)
    {
        var mixed = _state += 0x9E3779B97F4A7C15;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return (int)((mixed ^ (mixed >> 31)) % (ulong)below);
    }

    /// <summary>A prefix such as <c>msg_01</c> and 22 letters, as long as the real ids.</summary>
    public string Id(string prefix) => prefix + Letters(22);

    public string Signature() => "Eq" + Letters(178) + "==";

    /// <summary>One to four words.</summary>
    public string Phrase()
    {
        var phrase = new StringBuilder();
        for (var words = 1 + Next(4); words > 0; words--)
        {
            phrase.Append(Words[Next(Words.Length)]);
        }

        return phrase.ToString();
    }

    private string Letters(int count) => string.Create(count, this, static (letters, seeded) =>
    {
        for (var i = 0; i < letters.Length; i++)
        {
            letters[i] = Base58[seeded.Next(Base58.Length)];
        }
    });
}

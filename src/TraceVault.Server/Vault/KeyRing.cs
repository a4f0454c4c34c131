using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using TraceVault.Settings;

namespace TraceVault.Vault;

/// <summary>The master keys in force: the first one seals, all of them open.</summary>
internal sealed partial class KeyRing
{
    /// <summary>32 random bytes have at least this many different values, except for fewer than one key in 10^15.</summary>
    private const int MinDistinctBytes = 16;

    private const string HowToMake = "Make one with: openssl rand -base64 32";

    private readonly Dictionary<string, RingKey> _keys;

    private KeyRing(List<RingKey> keys)
    {
        Sealing = keys[0];
        _keys = keys.ToDictionary(key => key.Id, StringComparer.Ordinal);
    }

    public RingKey Sealing { get; }

    public IReadOnlyCollection<RingKey> Keys => _keys.Values;

    public bool TryGet(string id, [NotNullWhen(true)] out RingKey? key) => _keys.TryGetValue(id, out key);

    /// <param name="text">The setting's value.</param>
    /// <param name="setting">The setting's name, for the message.</param>
    /// <exception cref="StartupException">
    /// A key is malformed, short or weak, or its id appears twice. The message holds no part of the key.
    /// </exception>
    public static KeyRing Parse(string text, string setting)
    {
        var keys = new List<RingKey>();
        foreach (var entry in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var colon = entry.IndexOf(':', StringComparison.Ordinal);
            var id = colon < 0 ? "default" : entry[..colon];
            if (!IdForm().IsMatch(id))
            {
                throw new StartupException($"{setting} is invalid: a key id has 1 to 32 lower-case letters, digits and '-'.");
            }

            if (keys.Exists(key => key.Id == id))
            {
                throw new StartupException($"{setting} is invalid: the key id {id} appears twice.");
            }

            keys.Add(new RingKey(id, Material(entry[(colon + 1)..], id, setting)));
        }

        return new KeyRing(keys);
    }

    private static byte[] Material(string base64, string id, string setting)
    {
        var bytes = new byte[base64.Length];
        if (!Convert.TryFromBase64String(base64, bytes, out var length))
        {
            throw new StartupException($"{setting} is invalid: the key {id} is not base64. {HowToMake}");
        }

        if (length != RingKey.Size)
        {
            throw new StartupException($"{setting} is invalid: the key {id} has {length} bytes and needs {RingKey.Size}. {HowToMake}");
        }

        var material = bytes.AsSpan(0, length);
        if (IsWeak(material))
        {
            throw new StartupException($"{setting} is invalid: the key {id} is not random (a sample, a pattern or text). {HowToMake}");
        }

        return material.ToArray();
    }

    /// <summary>Whether the key is text, or has few different bytes or steps from byte to byte: no random source gives that.</summary>
    private static bool IsWeak(ReadOnlySpan<byte> key)
    {
        var distinct = new HashSet<byte>();
        var steps = new HashSet<byte>();
        var text = true;
        for (var i = 0; i < key.Length; i++)
        {
            distinct.Add(key[i]);
            text &= key[i] is >= 0x09 and < 0x7f;
            if (i > 0)
            {
                steps.Add((byte)(key[i] - key[i - 1]));
            }
        }

        return text || distinct.Count < MinDistinctBytes || steps.Count < 4;
    }

    [GeneratedRegex("^[a-z0-9-]{1,32}$")]
    private static partial Regex IdForm();
}

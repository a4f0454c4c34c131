using System.Text;
using System.Text.Json;

namespace TraceVault.Capture.Reading.Answers;

/// <summary>
/// Merges usage objects: of each field the last value that was stated. Names and values stay as they came, and a single object does whole.
/// </summary>
internal sealed class UsageFold
{
    private readonly OrderedDictionary<string, string> _fields = new(StringComparer.Ordinal);
    private string? _only;
    private bool _isStated;

    /// <summary>A usage that is the last word was added.</summary>
    public bool IsFinal { get; private set; }

    /// <summary>A usage was stated that is larger than is kept. It makes all of it unknown: a part would be a wrong sum.</summary>
    public bool IsTooLarge { get; set; }

    /// <param name="usage">A JSON value as it stands; what is no object states nothing.</param>
    public void Add(ReadOnlySpan<byte> usage, bool isFinal)
    {
        if (!usage.StartsWith("{"u8))
        {
            return;
        }

        IsTooLarge |= usage.Length > AnswerFacts.MaxUsage;
        if (IsTooLarge || !IsJson(usage))
        {
            return;
        }

        _only = _isStated ? null : Encoding.UTF8.GetString(usage);
        _isStated = true;
        IsFinal |= isFinal;
        var cursor = new JsonCursor(usage);
        cursor.Enter('{');
        while (cursor.NextMember(out var name) && cursor.TakeValue(out var value))
        {
            Set(Encoding.UTF8.GetString(name), value);
        }
    }

    /// <returns>The merged object; null when none was stated, or it is too large.</returns>
    public string? Whole()
    {
        var json = _only ?? $"{{{string.Join(',', _fields.Select(field => $"\"{field.Key}\":{field.Value}"))}}}";
        IsTooLarge |= Encoding.UTF8.GetByteCount(json) > AnswerFacts.MaxUsage;
        return _isStated && !IsTooLarge ? json : null;
    }

    /// <summary>A null states nothing: it must not take away what an earlier event said.</summary>
    private void Set(string name, ReadOnlySpan<byte> value)
    {
        if (!value.SequenceEqual("null"u8) || !_fields.ContainsKey(name))
        {
            _fields[name] = Encoding.UTF8.GetString(value);
        }

        IsTooLarge |= _fields.Count > AnswerFacts.MaxUsage / 4; // the shortest field takes more
    }

    /// <summary>Whoever prices it reads it with a strict reader, and shall not fail.</summary>
    private static bool IsJson(ReadOnlySpan<byte> usage)
    {
        try
        {
            var reader = new Utf8JsonReader(usage);
            while (reader.Read())
            {
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}

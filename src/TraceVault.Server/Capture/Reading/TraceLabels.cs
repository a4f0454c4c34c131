namespace TraceVault.Capture.Reading;

/// <summary>Reads <c>x-tracevault-labels</c>: <c>k=v,k=v</c>.</summary>
internal static class TraceLabels
{
    /// <summary>How many labels are kept, and of how many characters: those of a header that another program fills.</summary>
    public const int MaxLabels = 16, MaxName = 40, MaxValue = 100;

    private const int MaxLength = MaxLabels * (MaxName + MaxValue + 2);

    public static readonly IReadOnlyDictionary<string, string> None = new SortedDictionary<string, string>(StringComparer.Ordinal);

    /// <returns>
    /// The labels in the order of their names. Malformed ones, and those too many, are left out; of a repeated name the last one counts.
    /// </returns>
    public static IReadOnlyDictionary<string, string> Read(string? header)
    {
        if (header is null || header.Length > MaxLength)
        {
            return None;
        }

        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in header.Split(',', StringSplitOptions.TrimEntries))
        {
            if (pair.Split('=', 2, StringSplitOptions.TrimEntries) is [var name, var value] && IsName(name) && IsValue(value)
                && (labels.Count < MaxLabels || labels.ContainsKey(name)))
            {
                labels[name] = value;
            }
        }

        return labels;
    }

    private static bool IsName(string name) =>
        name.Length is > 0 and <= MaxName && name.All(each => char.IsAsciiLetterOrDigit(each) || each is '_' or '-' or '.' or '/');

    private static bool IsValue(string value) =>
        value.Length is > 0 and <= MaxValue && !value.AsSpan().ContainsAnyExceptInRange(' ', '~');
}

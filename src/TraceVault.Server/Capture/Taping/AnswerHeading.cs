using System.Text;

namespace TraceVault.Capture.Taping;

/// <summary>The head of an answer, as the client gets it.</summary>
/// <param name="Status">Of HTTP.</param>
/// <param name="UpstreamRequestId">The provider's id of the request; null for an answer of our own, or when there is none.</param>
/// <param name="Headers">Those that passed to the client, as lines <c>name: value</c> that end in a line feed.</param>
internal sealed record AnswerHeading(int Status, string? UpstreamRequestId, string Headers)
{
    /// <summary>In characters. Headers that go beyond are left out: the record would not fit into a block of the spool.</summary>
    public const int MaxHeaders = 3 << 10;

    /// <summary>In characters. A longer id is none of a provider that we know, and is left out.</summary>
    public const int MaxId = 200;

    public string? ContentType => HeaderOf(Headers, "content-type");

    public string? ContentEncoding => HeaderOf(Headers, "content-encoding");

    public static AnswerHeading Of(int status, string? upstreamRequestId, IHeaderDictionary headers)
    {
        var lines = new StringBuilder(512);
        foreach (var (name, values) in headers)
        {
            foreach (var value in values)
            {
                if (lines.Length + name.Length + value?.Length < MaxHeaders - 3)
                {
                    lines.Append(name.ToLowerInvariant()).Append(": ").Append(value).Append('\n');
                }
            }
        }

        return new AnswerHeading(status, Bounded(upstreamRequestId), lines.ToString());
    }

    /// <summary>Only with what says how to read the body.</summary>
    public static AnswerHeading OfBody(int status, string? upstreamRequestId, IHeaderDictionary headers) => new(
        status,
        Bounded(upstreamRequestId),
        headers.ContentEncoding is { Count: > 0 } encoding
            ? $"content-type: {headers.ContentType}\ncontent-encoding: {encoding}\n"
            : $"content-type: {headers.ContentType}\n");

    /// <summary>An upstream can send an id of any length, which would not fit into the record.</summary>
    private static string? Bounded(string? id) => id?.Length <= MaxId ? id : null;

    public int Write(Span<byte> to)
    {
        var fields = new FieldWriter(to);
        fields.Add(Status);
        fields.Add(UpstreamRequestId);
        fields.Add(Headers);
        return fields.Written;
    }

    /// <exception cref="FormatException">These are not the bytes of a head.</exception>
    public static AnswerHeading Read(ReadOnlySpan<byte> from)
    {
        var fields = new FieldReader(from);
        return new AnswerHeading((int)fields.Number(), fields.Text(), fields.Text() ?? "");
    }

    /// <returns>The value of the first line with that name, in lower case; null when there is none.</returns>
    public static string? HeaderOf(string headers, string name)
    {
        foreach (var line in headers.AsSpan().EnumerateLines())
        {
            if (line.Length > name.Length && line[name.Length] == ':' && line.StartsWith(name, StringComparison.Ordinal))
            {
                return line[(name.Length + 1)..].Trim().ToString();
            }
        }

        return null;
    }
}

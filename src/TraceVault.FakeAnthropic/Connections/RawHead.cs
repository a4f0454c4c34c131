using System.Globalization;
using System.Text;

namespace TraceVault.FakeAnthropic;

/// <summary>A request's head as it was sent: order, letter case and repetition of its headers are the client's.</summary>
internal sealed class RawHead
{
    private readonly List<long> _chunks = [];

    public required string Method { get; init; }

    public required string Target { get; init; }

    public required IReadOnlyList<RecordedHeader> Headers { get; init; }

    public required ReadOnlyMemory<byte> Bytes { get; init; }

    public bool IsChunked => Values("transfer-encoding").Any(value => value.Contains("chunked", StringComparison.OrdinalIgnoreCase));

    /// <summary>In bytes; 0 when there is none.</summary>
    public long ContentLength =>
        Values("content-length")
            .Select(value => long.TryParse(value, CultureInfo.InvariantCulture, out var length) ? length : 0)
            .FirstOrDefault();

    /// <summary>Sizes in bytes of the body's chunks so far, the last one (0) included.</summary>
    public IReadOnlyList<long> Chunks { get { lock (_chunks) { return [.. _chunks]; } } }

    public void AddChunk(long size)
    {
        lock (_chunks)
        {
            _chunks.Add(size);
        }
    }

    public static RawHead Parse(byte[] bytes)
    {
        var lines = Encoding.Latin1.GetString(bytes)
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.TrimEnd('\r'))
            .ToArray();
        var start = lines[0].Split(' ');
        return new RawHead
        {
            Method = start[0],
            Target = start.Length > 1 ? start[1] : "",
            Headers = [.. lines.Skip(1).Where(line => line.Length > 0).Select(Header)],
            Bytes = bytes,
        };
    }

    private static RecordedHeader Header(string line)
    {
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? new(line, "") : new(line[..colon], line[(colon + 1)..].Trim(' ', '\t'));
    }

    private IEnumerable<string> Values(string name) =>
        Headers.Where(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(header => header.Value);
}

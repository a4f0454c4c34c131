using System.Text;

namespace TraceVault.Cli.Doctor;

/// <summary>A stream of server-sent events as it arrived; times run from the request on.</summary>
/// <param name="Head">The head; its body is empty unless the answer is an error.</param>
/// <param name="Pieces">In how many pieces the events came: one each, when nothing collects them.</param>
/// <param name="First">When the first event was there.</param>
/// <param name="Last">When the last event was there; the same as <paramref name="First"/> when both came in one piece.</param>
/// <param name="LastEvent">The name of the last event; null when there was none.</param>
internal sealed record StreamReading(Reply Head, int Events, int Pieces, TimeSpan First, TimeSpan Last, string? LastEvent)
{
    private const int MaxBytes = 1 << 20;

    private const string Field = "event:";

    /// <param name="response">A response of which only the head has been read.</param>
    /// <param name="clock">Measures when each piece is there.</param>
    /// <param name="start">The timestamp of the request.</param>
    public static async Task<StreamReading> ReadAsync(
        HttpResponseMessage response, TimeProvider clock, long start, CancellationToken cancel)
    {
        var head = new Reply((int)response.StatusCode, response.Headers, response.Content.Headers, [], TimeSpan.Zero);
        var reading = new StreamReading(head, 0, 0, TimeSpan.Zero, TimeSpan.Zero, null);
        using var body = new MemoryStream();
        await using var stream = await response.Content.ReadAsStreamAsync(cancel);
        var (buffer, rest) = (new byte[8192], "");
        for (int count; body.Length < MaxBytes && (count = await stream.ReadAsync(buffer, cancel)) > 0;)
        {
            // One time for all that came in one piece.
            var at = clock.GetElapsedTime(start);
            body.Write(buffer, 0, count);
            var lines = (rest + Encoding.Latin1.GetString(buffer, 0, count)).Split('\n');
            rest = lines[^1];
            reading = lines.SkipLast(1).Aggregate(reading, (soFar, line) => soFar.With(line, at));
        }

        return response.IsSuccessStatusCode ? reading : reading with { Head = reading.Head with { Body = body.ToArray() } };
    }

    private StreamReading With(string line, TimeSpan at) => !line.StartsWith(Field, StringComparison.Ordinal) ? this : this with
    {
        Events = Events + 1,
        Pieces = Events == 0 || at != Last ? Pieces + 1 : Pieces,
        First = Events == 0 ? at : First,
        Last = at,
        LastEvent = line[Field.Length..].Trim(),
    };
}

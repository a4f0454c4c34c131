using System.Text.Json;

namespace TraceVault.Cli.Doctor;

/// <summary>Whether a streamed answer arrives event by event, to its end. Costs a fraction of a cent, so it has to be asked for.</summary>
internal static class StreamCheck
{
    public const string ModelVariable = "ANTHROPIC_DEFAULT_HAIKU_MODEL";

    private const string SmallModel = "claude-haiku-4-5";

    private const string Unbuffered = "Something holds events back. If nginx is in front of the server, set proxy_buffering off there.";

    /// <summary>Anthropic sends some events together, and the network may join more.</summary>
    private const int MostPerPiece = 4;

    /// <summary>A model takes many times as long to write what is asked for.</summary>
    private static readonly TimeSpan LeastDuration = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// Nor is a model done any sooner: a whole answer before that does not come from one, and shows nothing about what is in between.
    /// </summary>
    private static readonly TimeSpan LeastThought = TimeSpan.FromMilliseconds(250);

    public static Check Of(Gateway gateway, TimeProvider clock, string? model, bool wanted) => new(
        "stream",
        cancel => StreamAsync(gateway, clock, model ?? SmallModel, cancel),
        () => wanted ? gateway.NoWayThrough() : "Add --stream to check this; it costs a fraction of a cent.");

    private static async Task<Finding> StreamAsync(Gateway gateway, TimeProvider clock, string model, CancellationToken cancel)
    {
        const string Messages = """[{"role":"user","content":"Count from one to thirty in words."}]""";
        var json = $$"""
            {"model":"{{JsonEncodedText.Encode(model)}}","max_tokens":100,"stream":true,"messages":{{Messages}}}
            """;
        var start = clock.GetTimestamp();
        using var response = await gateway.Client.StreamAsync(
            gateway.Base + "/v1/messages", json, cancel, gateway.Authorization, Header.Version);
        var reading = await StreamReading.ReadAsync(response, clock, start, cancel);
        return Deviation(gateway, reading) ?? Finding.Ok($"{Describe(reading)}.");
    }

    private static Finding? Deviation(Gateway gateway, StreamReading reading)
    {
        var reply = reading.Head;
        if (reply.Status != 200)
        {
            return Finding.Fail(reply.Said, $"If the gateway does not know the model, name another one in {ModelVariable}.");
        }

        if (reply.MediaType != "text/event-stream")
        {
            return Finding.Fail($"The content type is {reply.MediaType} instead of text/event-stream.", gateway.Fix);
        }

        if (reading.LastEvent != "message_stop")
        {
            return Finding.Fail(
                $"The stream ended after {reading.LastEvent ?? "nothing"} instead of message_stop.",
                $"Clients take a truncated answer for a whole one. {gateway.Fix}");
        }

        if (reading.Last - reading.First < LeastDuration && reading.Last < LeastThought)
        {
            return Finding.Skip($"This shows nothing about the stream: no model writes that fast ({Describe(reading)}).");
        }

        if (reading.Last - reading.First < LeastDuration)
        {
            return Finding.Fail($"All events came at once: {Describe(reading)}.", Unbuffered);
        }

        return reading.Events > reading.Pieces * MostPerPiece
            ? Finding.Warn($"Events came in clusters: {Describe(reading)}.", Unbuffered)
            : null;
    }

    private static string Describe(StreamReading reading) =>
        $"{reading.Events} events in {reading.Pieces} pieces, the first after {reading.First.TotalMilliseconds:0} ms, "
        + $"the last after {reading.Last.TotalMilliseconds:0} ms";
}

using System.Globalization;
using System.Security.Cryptography.X509Certificates;

namespace TraceVault.FakeAnthropic;

/// <summary>Arguments of the fake when it runs alone.</summary>
internal static class FakeCommandLine
{
    public const string Help = $"""
        A fake of api.anthropic.com on the loopback address, for tests and demonstrations.

        Usage: tracevault-fake-anthropic [OPTIONS]

          --port N               port on 127.0.0.1; default 4000, 0 takes a free one
          --https CERT KEY       TLS with this certificate and key (PEM files)
          --http2                HTTP/2: prior knowledge in clear, ALPN under TLS
          --script write-file    plays a coding session: calls the client's tool that writes files. Path and content
                                 come from the prompt: write notes/hello.txt containing "Hello"
          --api-key KEY          the only accepted key; by default every key is accepted
          --events N             events in a plain streamed answer; default 24
          --pace 20ms            pause between two events; default none
          --seed N               start of all ids and texts; default 1
          --help                 this text

        {FaultGrammar.Help}
        """;

    /// <returns>Null when an argument is unknown, lacks its value or has an impossible one.</returns>
    public static FakeAnthropicOptions? Parse(string[] args)
    {
        var (port, events, seed, pace) = (4000, 24, 1, TimeSpan.Zero);
        var (http2, apiKey, script, certificate) = (false, default(string), default(WriteFileScript), default((string Pem, string Key)?));
        for (var rest = args.AsSpan(); !rest.IsEmpty;)
        {
            switch (rest)
            {
                case ["--port", var text, ..] when Number(text, 0, ushort.MaxValue) is { } value: port = value; break;
                case ["--events", var text, ..] when Number(text, SseScript.MinEvents, SseScript.MaxEvents) is { } value:
                    events = value;
                    break;
                case ["--seed", var text, ..] when Number(text, 0, int.MaxValue / 2) is { } value: seed = value; break;
                case ["--pace", var text, ..] when FaultGrammar.ParseDuration(text) is { } value: pace = value; break;
                case ["--api-key", var value, ..]: apiKey = value; break;
                case ["--script", "write-file", ..]: script = new WriteFileScript(); break;
                case ["--https", var pem, var key, ..]: certificate = (pem, key); break;
                case ["--http2", ..]: http2 = true; break;
                default: return null;
            }

            rest = rest[(rest[0] switch { "--http2" => 1, "--https" => 3, _ => 2 })..];
        }

        return new()
        {
            Port = port,
            Events = events,
            Seed = seed,
            Pace = pace,
            Http2 = http2,
            ApiKey = apiKey,
            Script = script,
            Certificate = certificate is var (certificatePem, keyPem) ? X509Certificate2.CreateFromPemFile(certificatePem, keyPem) : null,
            Record = false,
        };
    }

    private static int? Number(string text, int least, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : null;
}

using System.Security.Cryptography.X509Certificates;

namespace TraceVault.FakeAnthropic;

/// <summary>What a fake is started with. Everything has a default that suits a test.</summary>
public sealed class FakeAnthropicOptions
{
    /// <summary>Port on the loopback address; 0, the default, lets the system choose.</summary>
    public int Port { get; init; }

    /// <summary>When given, the fake speaks TLS only. The caller keeps and disposes it.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>Speaks HTTP/2: in clear instead of HTTP/1.1 (prior knowledge), under TLS beside it (ALPN).</summary>
    public bool Http2 { get; init; }

    /// <summary>Whether requests are kept; off for benchmarks and the demo.</summary>
    public bool Record { get; init; } = true;

    /// <summary>How many requests are kept; the oldest is dropped first.</summary>
    public int MaxRecordedRequests { get; init; } = 1000;

    /// <summary>Largest body kept, in bytes; of a larger one only length and SHA-256 are kept. Default 64 MiB.</summary>
    public int MaxRecordedBodyBytes { get; init; } = 64 << 20;

    /// <summary>Largest request body that is not answered with 413, in bytes. Default 32 MiB, the real limit of /v1/messages.</summary>
    public int MaxRequestBodyBytes { get; init; } = 32 << 20;

    /// <summary>
    /// True, the default: the body is received before the answer starts, and a request counts as recorded then.
    /// False: <see cref="FakeAnthropicServer.Handler"/> reads the body itself, and a request is recorded when its head arrived.
    /// </summary>
    public bool ReadBodyFirst { get; init; } = true;

    /// <summary>The only accepted key, as x-api-key or bearer; null, the default, accepts any.</summary>
    public string? ApiKey { get; init; }

    /// <summary>When given, requests that offer a tool that writes files are answered with a call of that tool.</summary>
    public WriteFileScript? Script { get; init; }

    /// <summary>Text of a plain answer, one word per event; null, the default, makes a text up.</summary>
    public string? Text { get; init; }

    /// <summary>Server-sent events in a plain answer, <see cref="SseScript.MinEvents"/> or more.</summary>
    public int Events { get; init; } = 24;

    /// <summary>Pause between two events of a stream; none by default.</summary>
    public TimeSpan Pace { get; init; }

    /// <summary>Seed of all ids and texts: two fakes with the same seed answer the same sequence of requests alike.</summary>
    public int Seed { get; init; } = 1;

    public TimeProvider Clock { get; init; } = TimeProvider.System;
}

using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace TraceVault.FakeAnthropic;

/// <summary>What lies under Kestrel's parser on one connection: the heads as they were sent, and the bytes that leave.</summary>
/// <remarks>A connection feature, so that a request finds it among its own features.</remarks>
internal sealed class RawConnection(IDuplexPipe transport) : IDuplexPipe
{
    private readonly HeadTee _input = new(transport.Input);
    private readonly PausingWriter _output = new(transport.Output);

    PipeReader IDuplexPipe.Input => _input;

    PipeWriter IDuplexPipe.Output => _output;

    /// <summary>The head of the request now being answered, or null on HTTP/2.</summary>
    public RawHead? TakeHead() => _input.Heads.Take();

    /// <summary>Holds the next answer back in the middle of its head until <paramref name="wait"/> is over.</summary>
    public void PauseInsideNextHead(Func<Task> wait) => _output.PauseNext(wait);

    /// <summary>Connection middleware; it comes after TLS, so that it sees clear text.</summary>
    public static Task UseAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var raw = new RawConnection(connection.Transport);
        connection.Features.Set(raw);
        connection.Transport = raw;
        return next(connection);
    }
}

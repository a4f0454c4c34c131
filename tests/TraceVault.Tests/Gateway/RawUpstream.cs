using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace TraceVault.Tests.Gateway;

/// <summary>
/// An upstream on bare sockets, for what no web framework would do: the test decides every send, close and reset. Once the head of a
/// request has come, the request goes to the script that its target names, so that tests that share an upstream don't meet.
/// </summary>
internal sealed class RawUpstream : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly ConcurrentDictionary<string, Func<RawRequest, Task>> _scripts = new(StringComparer.Ordinal);
    private readonly ConcurrentBag<Exception> _faults = [];
    private readonly ConcurrentBag<Task> _serving = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly X509Certificate2? _certificate;
    private readonly Task _accepting;
    private int _connections, _named;

    /// <param name="certificate">Null for no TLS. It is disposed of with the upstream.</param>
    public RawUpstream(X509Certificate2? certificate = null)
    {
        _certificate = certificate;
        _listener.ReceiveBufferSize = 256 << 10; // otherwise the kernel takes 16 MB of an upload that nobody reads
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(512);
        using (ExecutionContext.SuppressFlow()) // the task outlives the test that starts it
        {
            _accepting = Task.Run(AcceptAsync);
        }
    }

    public Uri Url => new($"{(_certificate is null ? "http" : "https")}://{_listener.LocalEndPoint}");

    /// <summary>How many connections were ever made.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>What went wrong in scripts. A script runs beside the test, so this is thrown where the test ends.</summary>
    public IReadOnlyCollection<Exception> Faults => _faults;

    /// <summary>Registers what is done with a request.</summary>
    /// <returns>The path of the requests that the script gets.</returns>
    public string Script(Func<RawRequest, Task> script)
    {
        var path = $"/v1/script/{Interlocked.Increment(ref _named)}";
        _scripts[path] = script;
        return path;
    }

    /// <summary>
    /// As <see cref="Script(Func{RawRequest, Task})"/>: reads the whole request, then sends each of the pieces by itself.
    /// </summary>
    public string Answer(params string[] pieces) => Script(async request =>
    {
        await request.ReadBodyAsync();
        foreach (var piece in pieces)
        {
            await request.SendAsync(piece);
        }
    });

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(_serving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
        _certificate?.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            var socket = await _listener.AcceptAsync(_stop.Token);
            socket.NoDelay = true;
            _serving.Add(Task.Run(() => ServeAsync(socket, Interlocked.Increment(ref _connections))));
        }
    }

    private async Task ServeAsync(Socket socket, int number)
    {
        using var connection = new RawConnection(socket, number, _stop.Token);
        try
        {
            await connection.SecureAsync(_certificate);
            while (await connection.NextAsync() is { } request)
            {
                if (!_scripts.TryGetValue(request.Path, out var script))
                {
                    return; // no script: the connection is closed
                }

                await script(request);
                if (connection.IsOver)
                {
                    return;
                }
            }
        }
        catch (Exception problem) when (problem is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The proxy left, or the test did.
        }
        catch (Exception problem)
        {
            _faults.Add(problem);
        }
    }
}

using TraceVault.Accounts;
using TraceVault.Storage;
using TraceVault.Vault;

namespace TraceVault.Proxy;

/// <summary>Writes from time to time, and at the end, when tokens and keys were last used.</summary>
internal sealed partial class UseWriter(Callers callers, Sessions sessions, ProxyTokens proxyTokens, ProviderKeys keys, TimeProvider clock, ILogger<UseWriter> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(15), LastWriteTimeout = TimeSpan.FromSeconds(5);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        // A time of its own: running requests may have used up that of the stop.
        using var timeout = new CancellationTokenSource(LastWriteTimeout, clock);
        await TryWriteAsync(timeout.Token);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await TryWriteAsync(stoppingToken);
        }
    }

    private async Task TryWriteAsync(CancellationToken cancel)
    {
        try
        {
            await WriteAsync(cancel);
        }
        catch (Exception problem) when (Database.IsUnavailable(problem) || problem is OperationCanceledException)
        {
            // Nothing is lost: what is unwritten is tried again.
            LogPostponed(problem.GetBaseException().Message);
        }
        catch (Exception problem)
        {
            LogMistake(problem); // and goes on: an escaping exception would stop the whole server
        }
    }

    internal async Task WriteAsync(CancellationToken cancel)
    {
        foreach (var caller in callers.Unwritten())
        {
            var used = caller.Use.UsedAt;
            await (caller.TokenKind is TokenKind.Session
                ? sessions.TouchAsync(caller.TokenId, caller.CreatedAt, used, cancel)
                : proxyTokens.TouchAsync(caller.TokenId, used, cancel));
            await keys.TouchAsync(caller.UserId, used, cancel);
            caller.Use.Written(used);
        }

        callers.DropIdle();
    }

    [LoggerMessage(LogLevel.Debug, "Times of last use are not written yet: {Reason}")]
    private partial void LogPostponed(string reason);

    [LoggerMessage(LogLevel.Error, "Times of last use could not be written.")]
    private partial void LogMistake(Exception problem);
}

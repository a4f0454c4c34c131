using TraceVault.Accounts;
using TraceVault.Keys;
using TraceVault.Storage;

namespace TraceVault.Gateway;

/// <summary>
/// Writes, from time to time and when the server stops, when tokens and keys were last used, and whether the providers accept the keys.
/// </summary>
internal sealed partial class LastUseWriter(
    Callers callers, ProviderKeys keys, Database database, Outage outage, TimeProvider clock, ILogger<LastUseWriter> log)
    : BackgroundService
{
    /// <summary>How many uses are written before the embedded database is left to whoever waits for it.</summary>
    private const int AtOnce = 200;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(15), LastWriteTimeout = TimeSpan.FromSeconds(5);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        // With a time limit of its own, because running requests may have used up the time that the stop was given.
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
        catch (Exception problem) when (outage.Caused(problem) || problem is OperationCanceledException)
        {
            // Nothing is lost: what was not written is tried again.
            LogPostponed(problem.GetBaseException().Message);
        }
        catch (Exception problem)
        {
            LogMistake(problem); // and goes on, because an escaping exception would stop the whole server
        }
    }

    internal async Task WriteAsync(CancellationToken cancel)
    {
        foreach (var part in callers.Unwritten().Chunk(AtOnce))
        {
            await WriteAsync(Array.ConvertAll(part, caller => (caller, caller.Use.UsedAt)), cancel);
        }

        foreach (var (user, note) in callers.UnwrittenNotes().ToList()) // few: an unchanged state is noted at most once a minute
        {
            await keys.NoteAsync(note, cancel);
            user.Written(note);
        }

        callers.DropIdle();
    }

    private async Task WriteAsync((CallerSnapshot Caller, DateTimeOffset UsedAt)[] uses, CancellationToken cancel)
    {
        await using var connection = await database.OpenWriterAsync(cancel);
        // In one transaction, SQLite waits for the disk only once. PostgreSQL would keep every row locked until the last one is written,
        // and somebody who signs out would have to wait.
        await using var transaction = database.Engine is Engine.Sqlite ? await connection.BeginTransactionAsync(cancel) : null;
        await Sessions.TouchAsync(
            connection,
            transaction,
            uses.Where(use => use.Caller.Slides).Select(use => new Sessions.Use(use.Caller.TokenId, use.Caller.CreatedAt, use.UsedAt)),
            cancel);
        await ProxyTokens.TouchAsync(
            connection,
            transaction,
            uses.Where(use => use.Caller.TokenKind is TokenKind.Proxy).Select(use => (use.Caller.TokenId, use.UsedAt)),
            cancel);
        await ProviderKeys.TouchAsync(
            connection,
            transaction,
            uses.Where(use => use.Caller.Use.KeyId is not null).Select(use => (use.Caller.Use.KeyId!, use.UsedAt)),
            cancel);
        if (transaction is not null)
        {
            await transaction.CommitAsync(cancel);
        }

        foreach (var (caller, usedAt) in uses)
        {
            caller.Use.Written(usedAt);
        }
    }

    [LoggerMessage(LogLevel.Debug, "Times of last use are not written yet: {Reason}")]
    private partial void LogPostponed(string reason);

    [LoggerMessage(LogLevel.Error, "Times of last use could not be written.")]
    private partial void LogMistake(Exception problem);
}

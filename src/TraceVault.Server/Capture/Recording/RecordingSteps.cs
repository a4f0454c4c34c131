using System.Security.Cryptography;
using TraceVault.Capture.Parts;
using TraceVault.Capture.Reading;
using TraceVault.Capture.Taping;
using TraceVault.Changes;
using TraceVault.Storage;

namespace TraceVault.Capture.Recording;

/// <summary>What recording a batch consists of. For one thread at a time.</summary>
internal sealed class RecordingSteps : IDisposable
{
    private readonly Database _database;
    private readonly ExchangeRows _rows;
    private readonly ChangeFeed _changes;
    private readonly BodyWriters _bodies;
    private readonly TraceBook _traces = new();
    private readonly Sessions _sessions = new();
    private readonly Attempts _attempts = new();
    private readonly long _seed = BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long)));
    private bool _isOutdated;

    public RecordingSteps(
        Database database, IPartStore store, TraceKeys keys, ExchangeRows rows, ChangeFeed changes, TimeProvider clock)
    {
        (_database, _rows, _changes, _bodies) = (database, rows, changes, new BodyWriters(store, keys, clock));
        changes.Changed += Hear;
    }

    /// <summary>An exchange on its way from the spool into the parts and the rows.</summary>
    private sealed class Item
    {
        public required ExchangeStart Start { get; init; }

        public required ExchangeEnd End { get; init; }

        public AnswerHeading? Heading { get; init; }

        public long GapBytes { get; init; }

        public KeptBody? Request { get; init; }

        public KeptBody? Answer { get; init; }

        public required ExchangeFacts Facts { get; init; }

        public required TraceIdentity Identity { get; init; }

        public required string SessionKey { get; init; }

        public TraceRef Trace { get; set; } = null!;

        public long AgentN { get; set; }

        public BodyWriters.Frames? Frames { get; set; }

        public bool IsAlone => SessionKey == Sessions.Alone(Start.Id);

        /// <summary>Whether there is no key to seal it under.</summary>
        public bool IsLocked { get; set; }

        public bool IsKept => Request is not null && !Trace.IsErased && !IsLocked;
    }

    /// <remarks>
    /// 1. Read the logs, and what the bodies say. 2. Find or create traces, agents, keys and parts. 3. Make the frames. 4. Store them.
    /// 5. Store the rows. The database is not held while bodies are read and packed.
    /// </remarks>
    /// <exception cref="Exception">Nothing was lost: the same batch can be tried again.</exception>
    public async Task RecordAsync(IReadOnlyList<Waiting> batch, CancellationToken cancel)
    {
        if (Interlocked.Exchange(ref _isOutdated, false))
        {
            Forget();
        }

        var items = batch.Select(Read).OfType<Item>().ToList(); // 1.
        try
        {
            await using (var writer = new LazyWriter(_database, cancel)) // 2.
            {
                foreach (var item in items)
                {
                    (item.Trace, item.AgentN) = await _traces.FindAsync(writer, item.Start, item.SessionKey, item.Identity);
                    if (item.IsKept)
                    {
                        await _bodies.PrepareAsync(writer, item.Trace, item.IsAlone);
                    }
                }

                await writer.CommitAsync();
            }

            foreach (var item in items.Where(item => item.IsKept))
            {
                item.IsLocked = !await _bodies.TryUnlockAsync(item.Trace, cancel);
            }

            foreach (var item in items.Where(item => item.IsKept)) // 3.
            {
                item.Frames = _bodies.Append(item.Trace, item.IsAlone, item.Request!.ToFrame(), item.Answer?.ToFrame());
            }

            var parts = await _bodies.FlushAsync(cancel); // 4.
            await _rows.AppendAsync(items.ConvertAll(RowOf), parts, cancel); // 5.
        }
        catch
        {
            Forget();
            throw;
        }
    }

    public void Dispose()
    {
        _changes.Changed -= Hear;
        _bodies.Dispose();
    }

    /// <summary>What was erased must not be written to any more; what is still known is found again.</summary>
    private void Hear(ChangeNotice notice) => _isOutdated |= notice.Kind is ChangeKind.Erasure or ChangeKind.Member;

    private void Forget()
    {
        _bodies.Reset();
        _traces.Clear();
    }

    /// <returns>Null when the log holds no exchange: the server was killed before it began to write.</returns>
    private Item? Read(Waiting waiting)
    {
        var logged = waiting.Log is { } log ? Logged.Read(log, waiting.Finished) : null;
        if ((waiting.Finished?.Start ?? logged?.Start) is not { } start)
        {
            return null;
        }

        var heading = waiting.Finished?.Heading ?? logged?.Heading;
        var end = waiting.Finished?.End ?? logged?.End ?? Interrupted(logged!);
        var facts = waiting.Finished?.Facts ?? FactsOf(start, heading, end, logged!);
        var identity = TraceIdentity.Of(start.Headers.Named, facts.Request);
        return new Item
        {
            Start = start,
            End = end,
            Heading = heading,
            GapBytes = waiting.Finished?.GapBytes ?? 0,
            Request = logged?.Request,
            Answer = logged?.Answer,
            Facts = facts,
            Identity = identity,
            SessionKey = _sessions.Find(start.UserId, start.Id, identity, facts),
        };
    }

    private ExchangeFacts FactsOf(ExchangeStart start, AnswerHeading? heading, ExchangeEnd end, Logged logged)
    {
        var wanted = start.SessionKey is null ? RequestWanted.All : RequestWanted.BodyHash;
        var request = RequestReader.Read(logged.Request!.Body.Span, start.Headers["content-encoding"], wanted, _seed);
        if (heading is null)
        {
            return new ExchangeFacts(request, new AnswerFacts());
        }

        using var reader = new AnswerReader(heading.ContentType, heading.ContentEncoding, heading.Status);
        reader.Push(logged.Answer!.Body.Span);
        return new ExchangeFacts(request, reader.Complete(end.Outcome == "ok"));
    }

    private static ExchangeEnd Interrupted(Logged logged) => new(
        ExchangeEnd.Interrupted, null, null, TimeSpan.Zero, logged.Request?.Body.Length ?? 0, logged.Answer?.Body.Length ?? 0);

    private ExchangeRow RowOf(Item item)
    {
        var (start, end, facts) = (item.Start, item.End, item.Facts);
        var row = new ExchangeRow(
            start.Id.ToString(),
            item.Trace.N,
            item.AgentN,
            start.TokenId,
            start.Provider,
            ExchangeKinds.Of(start.Method, start.Path).Word(),
            start.Method,
            start.Path,
            start.At,
            end.FirstByte is { } first ? (long)first.TotalMicroseconds : null,
            (long)end.Duration.TotalMicroseconds,
            item.Heading?.Status,
            end.Outcome,
            facts.Answer.ErrorType,
            end.ErrorCode,
            facts.Answer.IsStream ? 1 : 0,
            facts.Request.Model,
            facts.Answer.Model,
            facts.Answer.StopReason,
            item.Heading?.UpstreamRequestId,
            facts.Answer.MessageId,
            end.RequestBytes,
            end.AnswerBytes,
            item.Frames is null ? CaptureMode.Usage : CaptureMode.Full,
            item.GapBytes,
            null,
            facts.Answer.Usage,
            facts.Answer.UsageSource switch { UsageSource.Final => "final", UsageSource.Partial => "partial", _ => "absent" },
            item.Frames?.Part.N,
            item.Frames?.At,
            item.Frames?.Request,
            item.Frames?.Answer);
        return row with { RetryOf = _attempts.FirstOf(row, facts.Request.BodyHash) };
    }
}

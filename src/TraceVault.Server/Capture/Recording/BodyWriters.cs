using System.Data.Common;
using System.Security.Cryptography;
using TraceVault.Capture.Parts;
using TraceVault.Storage;

namespace TraceVault.Capture.Recording;

/// <summary>
/// The parts that are being written, and the bodies that the next ones continue. A session has parts of its own; the exchanges of a user
/// that belong to no session share some, because a file for each would be too many. For one thread at a time.
/// </summary>
internal sealed class BodyWriters(IPartStore store, TraceKeys keys, TimeProvider clock) : IDisposable
{
    /// <summary>A trace that was not used for so long is closed: its next exchange begins another part.</summary>
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(10);

    /// <summary>How much memory the bodies may take that later ones continue, in bytes, of all traces together.</summary>
    private const long MostBytes = 64 << 20;

    private readonly BodyDelta _deltas = new();
    private readonly Dictionary<string, OpenPart> _parts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, OpenTrace> _traces = new(StringComparer.Ordinal);

    /// <summary>A part that is being written.</summary>
    internal sealed class OpenPart(long n, PartWriter writer)
    {
        public long N => n;

        public PartWriter Writer => writer;

        public DateTimeOffset UsedAt { get; set; }
    }

    /// <summary>What is known of a trace whose bodies are being written.</summary>
    private sealed class OpenTrace(FrameCipher cipher)
    {
        public FrameCipher Cipher => cipher;

        public TurnChain Turns { get; } = new();

        public DateTimeOffset UsedAt { get; set; }
    }

    /// <summary>Where the bodies of an exchange will be once <see cref="FlushAsync"/> has run.</summary>
    internal readonly record struct Frames(OpenPart Part, long At, int Request, int? Answer);

    /// <summary>Sees to it that the trace has a part to write to.</summary>
    /// <param name="writer">For what is not known here yet.</param>
    /// <param name="trace">Whose bodies are to be appended.</param>
    /// <param name="isAlone">Whether the trace consists of one exchange alone, as far as is known.</param>
    public async Task PrepareAsync(LazyWriter writer, TraceRef trace, bool isAlone)
    {
        var now = clock.GetUtcNow();
        var name = NameOf(trace, isAlone);
        if (!_parts.TryGetValue(name, out var part) || part.Writer.IsFull)
        {
            _parts[name] = part = await CreatePartAsync(writer, trace, isAlone, now);
        }

        part.UsedAt = now;
    }

    /// <summary>Sees to it that the trace has a key. To be called while no connection is held.</summary>
    /// <returns>False when nothing of the trace can be kept: its user was removed, or their key does not open.</returns>
    public async Task<bool> TryUnlockAsync(TraceRef trace, CancellationToken cancel)
    {
        if (!_traces.TryGetValue(trace.Id, out var open))
        {
            try
            {
                _traces[trace.Id] = open = new OpenTrace((await keys.CreateAsync(trace.UserId, Guid.Parse(trace.Id), cancel)).Cipher());
            }
            catch (Exception problem) when (
                problem is CryptographicException || (problem is DbException && !Database.IsUnavailable(problem)))
            {
                return false;
            }
        }

        open.UsedAt = clock.GetUtcNow();
        return true;
    }

    /// <param name="trace">Whose bodies; it was prepared.</param>
    /// <param name="isAlone">As it was prepared.</param>
    /// <param name="request">The request's head and body, as <see cref="KeptBody"/> joins them.</param>
    /// <param name="answer">The answer's; null when there was none.</param>
    public Frames Append(TraceRef trace, bool isAlone, byte[] request, byte[]? answer)
    {
        var (part, open) = (_parts[NameOf(trace, isAlone)], _traces[trace.Id]);
        var (first, second) = part.Writer.Append(open.Cipher, open.Turns, request, answer);
        if (isAlone)
        {
            Close(trace.Id);
        }

        return new Frames(part, first.Offset, first.Length, second?.Length);
    }

    /// <summary>Stores what was appended.</summary>
    /// <returns>How long the parts are now that were appended to.</returns>
    public async Task<List<PartLength>> FlushAsync(CancellationToken cancel)
    {
        var lengths = new List<PartLength>();
        foreach (var part in _parts.Values.Where(part => part.Writer.Pending > 0))
        {
            await part.Writer.FlushAsync(cancel);
            lengths.Add(new PartLength(part.N, part.Writer.Length, part.UsedAt));
        }

        DropIdle();
        return lengths;
    }

    /// <summary>Forgets everything after a step that failed: the chains know of frames that may never have been stored.</summary>
    public void Reset()
    {
        foreach (var trace in _traces.Keys.ToList())
        {
            Close(trace);
        }

        _parts.Clear();
    }

    /// <summary>Forgets the key and the bodies of a trace.</summary>
    public void Close(string traceId)
    {
        if (_traces.Remove(traceId, out var trace))
        {
            trace.Cipher.Dispose();
        }
    }

    public void Dispose()
    {
        Reset();
        _deltas.Dispose();
    }

    private static string NameOf(TraceRef trace, bool isAlone) => isAlone ? "user " + trace.UserId : trace.Id;

    private async Task<OpenPart> CreatePartAsync(LazyWriter writer, TraceRef trace, bool isAlone, DateTimeOffset now)
    {
        var id = Guid.CreateVersion7(now);
        await writer.ExecuteAsync(
            "insert into parts (id, user_id, trace_n, length, last_at) values (@Id, @UserId, @TraceN, 0, @now)",
            new { Id = id.ToString(), trace.UserId, TraceN = isAlone ? (long?)null : trace.N, now });
        var n = await writer.ReadAsync<long>("select n from parts where id = @Id", new { Id = id.ToString() });
        return new OpenPart(n, new PartWriter(store, _deltas, id, 0));
    }

    private void DropIdle()
    {
        var before = clock.GetUtcNow() - Idle;
        foreach (var (name, _) in _parts.Where(part => part.Value.UsedAt < before || part.Value.Writer.IsFull).ToList())
        {
            _parts.Remove(name);
        }

        var bytes = _traces.Values.Sum(trace => trace.Turns.Bytes);
        foreach (var (id, trace) in _traces.OrderBy(trace => trace.Value.UsedAt).ToList())
        {
            if (trace.UsedAt < before || bytes > MostBytes)
            {
                bytes -= trace.Turns.Bytes;
                Close(id);
            }
        }
    }
}

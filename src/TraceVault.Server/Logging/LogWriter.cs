using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using TraceVault.Hosting;
using ZLogger;

namespace TraceVault.Logging;

/// <summary>
/// Writes the log's lines on its own thread, those of some milliseconds at a time: under load that is one wake-up and one write for many
/// requests.
/// </summary>
internal sealed class LogWriter : IAsyncLogProcessor
{
    public const string MeterName = "TraceVault.Log";

    /// <summary>Lines kept while nobody reads the output; further ones are dropped and counted: no request waits for the log.</summary>
    internal const int MaxWaitingLines = 10_000;

    private const int MaxBytesAtOnce = 64 << 10;

    /// <summary>How long a line may wait for others.</summary>
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(50);

    /// <summary>The longest wait for the last lines to be written at the end.</summary>
    private static readonly TimeSpan LastWrite = TimeSpan.FromSeconds(2);

    private readonly ConcurrentQueue<IZLoggerEntry> _waiting = new();
    private readonly object _gate = new();
    private readonly Stream _output;
    private readonly IZLoggerFormatter _formatter;
    private readonly Func<ILogger>? _own;
    private readonly Meter _meter = new(MeterName);
    private readonly Thread _thread;
    private volatile bool _isStopping;

    /// <summary>Where losses are logged; made at the first loss, because the log does not exist yet when this object is made.</summary>
    private ILogger? _log;

    /// <summary>Lines waiting; raised after a line was added, so whoever raises it from 0 knows that the thread has to be woken.</summary>
    private int _count;

    private long _dropped, _told;

    /// <param name="output">Where the lines go.</param>
    /// <param name="formatter">What a line looks like.</param>
    /// <param name="own">A logger that writes here, for what the log says about itself.</param>
    public LogWriter(Stream output, IZLoggerFormatter formatter, Func<ILogger>? own = null)
    {
        (_output, _formatter, _own) = (output, formatter, own);
        _meter.CreateObservableCounter(
            "tracevault.log.dropped_lines", () => Volatile.Read(ref _dropped), null, "Lines of the log that could not be written.");
        _thread = new Thread(Run) { Name = "log", IsBackground = true };
        _thread.Start();
    }

    public void Post(IZLoggerEntry log)
    {
        if (log.LogInfo.Exception is BrokenAnswerException)
        {
            log.Return();
            return;
        }

        if (Volatile.Read(ref _count) >= MaxWaitingLines)
        {
            log.Return();
            Drop(1);
            return;
        }

        _waiting.Enqueue(log);
        if (Interlocked.Increment(ref _count) == 1)
        {
            Wake();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _isStopping = true;
        Wake();
        await Task.Run(() => _thread.Join(LastWrite));
        _meter.Dispose();
    }

    private void Drop(int lines)
    {
        Interlocked.Add(ref _dropped, lines);
        try
        {
            _log ??= _own?.Invoke();
        }
        catch (ObjectDisposedException)
        {
            // The server has ended: the loss is not logged any more.
        }
    }

    private void Wake()
    {
        lock (_gate)
        {
            Monitor.Pulse(_gate);
        }
    }

    private void Run()
    {
        var lines = new ArrayBufferWriter<byte>(MaxBytesAtOnce);
        while (!_isStopping)
        {
            lock (_gate)
            {
                while (Volatile.Read(ref _count) <= 0 && !_isStopping)
                {
                    Monitor.Wait(_gate);
                }

                if (!_isStopping)
                {
                    Monitor.Wait(_gate, Gathering); // only the end of the server wakes it sooner
                }
            }

            WriteWaiting(lines);
        }

        WriteWaiting(lines); // what came in the meantime
    }

    private void WriteWaiting(ArrayBufferWriter<byte> lines)
    {
        var (inBuffer, works) = (0, true);
        while (_waiting.TryDequeue(out var entry))
        {
            Interlocked.Decrement(ref _count);
            Format(entry, lines);
            inBuffer++;
            if (lines.WrittenCount > MaxBytesAtOnce / 2)
            {
                works = Write(lines, inBuffer);
                inBuffer = 0;
            }

            if (inBuffer > 0 && _waiting.IsEmpty)
            {
                works = Write(lines, inBuffer);
                inBuffer = 0;
            }

            if (works && _waiting.IsEmpty && _log is not null && Volatile.Read(ref _dropped) is var dropped && dropped > _told)
            {
                LogDropped(_log, dropped - _told); // this line passes through here like any other
                _told = dropped;
            }
        }
    }

    private static void LogDropped(ILogger log, long lines) =>
        log.LogWarning(
            "{Lines} lines of the log were lost here: standard output did not accept them. "
            + "Check what reads it, and whether its disk is full.",
            lines);

    private void Format(IZLoggerEntry entry, ArrayBufferWriter<byte> lines)
    {
        try
        {
            entry.FormatUtf8(lines, _formatter);
        }
        catch (Exception problem) when (problem is not OutOfMemoryException)
        {
            // A value that cannot be written as text costs only its own line, not the log.
            lines.Write("A line of the log could not be written."u8);
        }
        finally
        {
            entry.Return();
        }

        if (_formatter.WithLineBreak)
        {
            lines.Write("\n"u8);
        }
    }

    /// <returns>
    /// Whether the output accepted the lines. It may be closed, or on a full disk: then the server continues without a log.
    /// </returns>
    private bool Write(ArrayBufferWriter<byte> lines, int count)
    {
        try
        {
            _output.Write(lines.WrittenSpan);
            _output.Flush();
            return true;
        }
        catch (Exception problem) when (problem is not OutOfMemoryException)
        {
            Drop(count);
            return false;
        }
        finally
        {
            lines.ResetWrittenCount();
        }
    }
}

using System.Buffers;
using System.Collections.Concurrent;
using ZLogger;

namespace TraceVault.Operations;

/// <summary>Writes the log's lines on a thread of its own, some milliseconds' worth at a time: under load that is one wake-up and one write for many requests.</summary>
internal sealed class LogWriter : IAsyncLogProcessor
{
    /// <summary>Lines kept while nobody reads the output; what comes after that is dropped, because no request waits for a log.</summary>
    internal const int MaxWaitingLines = 10_000;

    private const int MaxBytesAtOnce = 64 << 10;

    /// <summary>How long a line may wait for others.</summary>
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(50);

    /// <summary>For the last lines, at the end; an output that takes none gets none.</summary>
    private static readonly TimeSpan LastWrite = TimeSpan.FromSeconds(2);

    private readonly ConcurrentQueue<IZLoggerEntry> _waiting = new();
    private readonly object _gate = new();
    private readonly Stream _output;
    private readonly IZLoggerFormatter _formatter;
    private readonly Thread _thread;
    private volatile bool _isStopping;

    /// <summary>Lines waiting; raised after a line was added, so that whoever raises it from 0 knows that nobody is awake for it.</summary>
    private int _count;

    public LogWriter(Stream output, IZLoggerFormatter formatter)
    {
        (_output, _formatter) = (output, formatter);
        _thread = new Thread(Run) { Name = "log", IsBackground = true };
        _thread.Start();
    }

    public void Post(IZLoggerEntry log)
    {
        if (Volatile.Read(ref _count) >= MaxWaitingLines)
        {
            log.Return();
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
                    Monitor.Wait(_gate, Gathering); // only the end wakes it sooner
                }
            }

            WriteWaiting(lines);
        }

        WriteWaiting(lines); // what came while it was told to stop
    }

    private void WriteWaiting(ArrayBufferWriter<byte> lines)
    {
        while (_waiting.TryDequeue(out var entry))
        {
            Interlocked.Decrement(ref _count);
            Format(entry, lines);
            if (lines.WrittenCount > MaxBytesAtOnce / 2)
            {
                Write(lines);
            }
        }

        Write(lines);
    }

    private void Format(IZLoggerEntry entry, ArrayBufferWriter<byte> lines)
    {
        try
        {
            entry.FormatUtf8(lines, _formatter);
        }
        catch (Exception problem) when (problem is not OutOfMemoryException)
        {
            // A value whose text cannot be made costs its own line, not the log.
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

    private void Write(ArrayBufferWriter<byte> lines)
    {
        try
        {
            _output.Write(lines.WrittenSpan);
            _output.Flush();
        }
        catch (Exception problem) when (problem is not OutOfMemoryException)
        {
            // The output was closed, or is on a disk that is full: the server goes on without a log.
        }

        lines.ResetWrittenCount();
    }
}

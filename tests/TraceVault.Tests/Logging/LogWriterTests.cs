using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.Logging;
using TraceVault.Logging;
using ZLogger;
using ZLogger.Formatters;

namespace TraceVault.Tests.Logging;

public class LogWriterTests
{
    [Fact]
    public async Task All_that_was_logged_is_written_at_the_end_in_order_a_line_each()
    {
        using var output = new Output();
        await using (var writer = new LogWriter(output, new PlainTextZLoggerFormatter()))
        using (var loggers = LoggerFactory.Create(logging => logging.AddZLoggerLogProcessor(writer)))
        {
            var log = loggers.CreateLogger("test");
            await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(() =>
            {
                for (var i = 0; i < 500; i++)
                {
                    log.ZLogInformation($"{thread} {i}");
                }
            }, Patience.Cancel)));
        }

        var lines = output.Text.TrimEnd('\n').Split('\n');
        Assert.Equal(2000, lines.Length);
        Assert.All(Enumerable.Range(0, 4), thread => Assert.Equal(
            Enumerable.Range(0, 500).Select(i => $"{thread} {i}"),
            lines.Where(line => line.StartsWith($"{thread} ", StringComparison.Ordinal))));
    }

    [Fact]
    public async Task An_output_that_takes_nothing_holds_nobody_up_and_costs_what_comes_too_late()
    {
        using var output = new Output { IsBlocked = true };
        await using (var writer = new LogWriter(output, new PlainTextZLoggerFormatter()))
        using (var loggers = LoggerFactory.Create(logging => logging.AddZLoggerLogProcessor(writer)))
        {
            var log = loggers.CreateLogger("test");
            log.ZLogInformation($"first");
            await output.Writing.WaitAsync(Patience.Cancel);
            for (var i = 0; i < LogWriter.MaxWaitingLines + 500; i++)
            {
                log.ZLogInformation($"{i}");
            }

            output.Release();
        }

        var lines = output.Text.TrimEnd('\n').Split('\n');
        Assert.Equal(["first", .. Enumerable.Range(0, LogWriter.MaxWaitingLines).Select(i => $"{i}")], lines);
    }

    [Fact]
    public async Task Lines_that_were_dropped_are_counted_and_told_when_there_is_room_again()
    {
        using var output = new Output { IsBlocked = true };
        ILoggerFactory? loggers = null;
        await using (var writer = new LogWriter(output, new PlainTextZLoggerFormatter(), () => loggers!.CreateLogger("log")))
        {
            loggers = LoggerFactory.Create(logging => logging.AddZLoggerLogProcessor(writer));
            var log = loggers.CreateLogger("test");
            log.ZLogInformation($"first");
            await output.Writing.WaitAsync(Patience.Cancel);
            for (var i = 0; i < LogWriter.MaxWaitingLines + 500; i++)
            {
                log.ZLogInformation($"{i}");
            }

            using var meters = new MeterListener();
            long counted = 0;
            meters.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "tracevault.log.dropped_lines")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            meters.SetMeasurementEventCallback<long>((_, value, _, _) => counted += value);
            meters.Start();
            meters.RecordObservableInstruments();
            Assert.Equal(500, counted);
            output.Release();
        }

        loggers.Dispose();
        var lines = output.Text.TrimEnd('\n').Split('\n');
        Assert.Equal(LogWriter.MaxWaitingLines + 2, lines.Length);
        Assert.StartsWith("500 lines of the log were lost here", lines[^1]);
    }

    [Fact]
    public async Task Lines_that_a_full_disk_cost_are_told_when_it_has_room_again()
    {
        using var output = new Output { Problem = new IOException("No space left on device") };
        ILoggerFactory? loggers = null;
        await using var writer = new LogWriter(output, new PlainTextZLoggerFormatter(), () => loggers!.CreateLogger("log"));
        loggers = LoggerFactory.Create(logging => logging.AddZLoggerLogProcessor(writer));
        loggers.CreateLogger("test").ZLogInformation($"lost");
        await output.Writing.WaitAsync(Patience.Cancel);

        output.Problem = null;
        loggers.CreateLogger("test").ZLogInformation($"written");
        await writer.DisposeAsync();
        loggers.Dispose();

        Assert.StartsWith("written\n1 lines of the log were lost here", output.Text);
    }

    [Fact]
    public async Task An_output_that_fails_ends_the_log_and_nothing_else()
    {
        using var output = new Output { Problem = new IOException("No space left on device") };
        await using var writer = new LogWriter(output, new PlainTextZLoggerFormatter());
        using var loggers = LoggerFactory.Create(logging => logging.AddZLoggerLogProcessor(writer));
        loggers.CreateLogger("test").ZLogInformation($"lost");
        await output.Writing.WaitAsync(Patience.Cancel);

        output.Problem = null;
        loggers.CreateLogger("test").ZLogInformation($"written");
        await writer.DisposeAsync();

        Assert.Equal("written\n", output.Text);
    }

    private sealed class Output : MemoryStream
    {
        private readonly TaskCompletionSource _writing = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim _free = new(true);

        public bool IsBlocked { init => _free.Reset(); }

        public Exception? Problem { get; set; }

        /// <summary>Ends when something is about to be written.</summary>
        public Task Writing => _writing.Task;

        public string Text => Encoding.UTF8.GetString(ToArray());

        public void Release() => _free.Set();

        protected override void Dispose(bool disposing)
        {
            _free.Dispose();
            base.Dispose(disposing);
        }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            if (buffer.IsEmpty)
            {
                return;
            }

            var problem = Problem;
            _writing.TrySetResult();
            _free.Wait();
            if (problem is not null)
            {
                throw problem;
            }

            base.Write(buffer);
        }
    }
}

using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace TraceVault.Tests;

/// <summary>Everything a server logged, exceptions in full; a test can wait for a line.</summary>
internal sealed class CapturedLog : ILoggerProvider
{
    /// <summary>Only a line that never comes takes as long.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private readonly ConcurrentQueue<string> _lines = new();
    private readonly ConcurrentDictionary<TaskCompletionSource<string>, Func<string, bool>> _waiting = new();

    public IReadOnlyCollection<string> Lines => _lines;

    public string Text => string.Join('\n', _lines);

    /// <returns>The first line, written already or yet to come, that contains the text.</returns>
    /// <exception cref="TimeoutException">It does not come; the message has what did.</exception>
    public async Task<string> WaitForAsync(string text, CancellationToken cancel)
    {
        var source = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[source] = line => line.Contains(text);
        if (_lines.FirstOrDefault(line => line.Contains(text)) is { } already)
        {
            source.TrySetResult(already);
        }

        try
        {
            return await source.Task.WaitAsync(Longest, cancel);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"'{text}' is not in the log:\n{Text}");
        }
    }

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void Dispose()
    {
    }

    private void Add(string line)
    {
        _lines.Enqueue(line);
        foreach (var (source, matches) in _waiting)
        {
            if (matches(line))
            {
                source.TrySetResult(line);
            }
        }
    }

    private sealed class Logger(CapturedLog log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            log.Add($"{logLevel} {category} {formatter(state, exception)} {state} {exception}");
    }
}

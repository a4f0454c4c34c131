using System.Text.Json;
using ZLogger;
using ZLogger.Formatters;

namespace TraceVault.Logging;

/// <summary>The log on standard output: text, or JSON with one object a line.</summary>
internal static class Log
{
    public static void Configure(ILoggingBuilder logging, LoggingOptions options)
    {
        logging.ClearProviders();
        logging.SetMinimumLevel(options.LogLevel);
        // These log whole request targets, into which somebody may have put a secret by mistake: nothing below a warning, whatever the
        // level.
        logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        logging.AddFilter("System.Net.Http", LogLevel.Warning);
        // It would log a stack trace for each cookie that does not open, and anybody may send one; ForgedForms logs what it refuses.
        logging.AddFilter("Microsoft.AspNetCore.Antiforgery", LogLevel.None);
        // A failed start has one line of ours; a background service that failed is logged once more as critical.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        // Any level that is enabled here makes the framework start an Activity for each request.
        logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        logging.AddZLoggerLogProcessor((_, services) => new LogWriter(
            Console.OpenStandardOutput(), Formatter(options.LogFormat), () => services.GetRequiredService<ILogger<LogWriter>>()));
    }

    private static IZLoggerFormatter Formatter(LogFormat format)
    {
        if (format is LogFormat.Json)
        {
            return new SystemTextJsonZLoggerFormatter
            {
                UseUtcTimestamp = true,
                JsonPropertyNames = JsonPropertyNames.Default with
                {
                    Timestamp = JsonEncodedText.Encode("timestamp"),
                    LogLevel = JsonEncodedText.Encode("level"),
                    Category = JsonEncodedText.Encode("category"),
                    Message = JsonEncodedText.Encode("message"),
                    Exception = JsonEncodedText.Encode("exception"),
                },
            };
        }

        var text = new PlainTextZLoggerFormatter();
        text.SetPrefixFormatter(
            $"{0:utc-longdate}Z {1:short} {2}: ",
            (in MessageTemplate template, in LogInfo line) => template.Format(line.Timestamp, line.LogLevel, line.Category));
        return text;
    }
}

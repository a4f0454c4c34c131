using System.Text.Json;
using ZLogger;
using ZLogger.Formatters;

namespace TraceVault.Operations;

/// <summary>The log on standard output: text, or JSON with one object a line.</summary>
internal static class Log
{
    public static void AddLog(this ILoggingBuilder logging, OperationsOptions options)
    {
        logging.ClearProviders();
        logging.SetMinimumLevel(options.LogLevel);
        // These write whole targets, where a secret may have been put by mistake: never below a warning, whatever the level.
        logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        logging.AddFilter("System.Net.Http", LogLevel.Warning);
        logging.AddFilter("Microsoft.AspNetCore.Antiforgery", LogLevel.None); // a stack trace for each cookie that does not open, which anybody may send; ForgedForms says what it refuses
        // A start that failed is told in one line of ours; a background service that failed, again as critical.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        // Any enabled level of this one makes the framework start an Activity for each request.
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

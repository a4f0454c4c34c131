using System.Text.Json;
using ZLogger;
using ZLogger.Formatters;

namespace TraceVault.Operations;

/// <summary>The log on standard output: text, or JSON with one object a line.</summary>
internal static class Log
{
    /// <summary>Lines kept while nobody reads standard output; what comes after that is dropped, because no request waits for a log.</summary>
    private const int MaxWaitingLines = 10_000;

    public static void AddLog(this ILoggingBuilder logging, OperationsOptions options)
    {
        logging.ClearProviders();
        logging.SetMinimumLevel(options.LogLevel);
        // These write whole targets, where a secret may have been put by mistake: never below a warning, whatever the level.
        logging.AddFilter("Yarp", LogLevel.Warning);
        logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        logging.AddFilter("System.Net.Http", LogLevel.Warning);
        // A start that failed is told in one line of ours; a background service that failed, again as critical.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        // Any enabled level of this one makes the framework start an Activity for each request.
        logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        logging.AddZLoggerConsole(console =>
        {
            console.FullMode = BackgroundBufferFullMode.Drop;
            console.BackgroundBufferCapacity = MaxWaitingLines;
            if (options.LogFormat is LogFormat.Json)
            {
                console.UseJsonFormatter(json =>
                {
                    json.UseUtcTimestamp = true;
                    json.JsonPropertyNames = JsonPropertyNames.Default with
                    {
                        Timestamp = JsonEncodedText.Encode("timestamp"),
                        LogLevel = JsonEncodedText.Encode("level"),
                        Category = JsonEncodedText.Encode("category"),
                        Message = JsonEncodedText.Encode("message"),
                        Exception = JsonEncodedText.Encode("exception"),
                    };
                });
            }
            else
            {
                console.UsePlainTextFormatter(text => text.SetPrefixFormatter(
                    $"{0:utc-longdate}Z {1:short} {2}: ",
                    (in MessageTemplate template, in LogInfo line) => template.Format(line.Timestamp, line.LogLevel, line.Category)));
            }
        });
    }
}

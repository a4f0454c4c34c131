using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace TraceVault.Bench;

/// <summary>
/// Measures the pieces of a proxied request, each alone: time and bytes allocated. The table goes to the file that is named.
/// </summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        if (args is not [var table])
        {
            Console.Error.WriteLine("usage: dotnet run -c Release --project bench/pieces FILE");
            return 2;
        }

        // In this process: the generated project of another one would be built with this repository's rules. So many iterations and no
        // more: on a noisy machine BenchmarkDotNet would go on for a quarter of an hour.
        var config = ManualConfig.CreateEmpty()
            .AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance).WithWarmupCount(8).WithIterationCount(20))
            .AddColumnProvider(DefaultColumnProviders.Instance)
            .AddDiagnoser(MemoryDiagnoser.Default)
            .AddExporter(MarkdownExporter.GitHub)
            .AddLogger(ConsoleLogger.Default)
            .WithArtifactsPath(Path.Combine(Path.GetTempPath(), $"tracevault-pieces-{Environment.ProcessId}"));
        var summary = BenchmarkRunner.Run<Pieces>(config);
        if (summary.HasCriticalValidationErrors || summary.Reports.Any(report => !report.Success))
        {
            return 1;
        }

        File.Copy(Directory.GetFiles(summary.ResultsDirectoryPath, "*-report-github.md").Single(), table, overwrite: true);
        Directory.Delete(config.ArtifactsPath, recursive: true);
        Console.WriteLine($"Written to {table}.");
        return 0;
    }
}

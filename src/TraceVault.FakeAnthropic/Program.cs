using System.Runtime.InteropServices;
using TraceVault.FakeAnthropic;

if (args.Contains("--help"))
{
    Console.WriteLine(FakeCommandLine.Help);
    return 0;
}

if (FakeCommandLine.Parse(args) is not { } options)
{
    await Console.Error.WriteLineAsync("These arguments are not understood. Run with --help to see the valid ones.");
    return 2;
}

var stop = new TaskCompletionSource();
using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
await using var fake = await FakeAnthropicServer.StartAsync(options);
Console.WriteLine($"Listening on {fake.Url}");
await stop.Task;
return 0;

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.TrySetResult();
}

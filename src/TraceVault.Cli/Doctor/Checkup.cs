using System.Net.Sockets;
using System.Security.Authentication;

namespace TraceVault.Cli.Doctor;

/// <summary>Runs checks one after another, each within a time limit and whatever the one before it found.</summary>
internal sealed class Checkup(Gateway gateway, TimeProvider clock)
{
    private const int LimitSeconds = 10;

    public async IAsyncEnumerable<(Check Check, Finding Finding)> RunAsync(
        IEnumerable<Check> checks, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        foreach (var check in checks)
        {
            yield return (check, check.Obstacle?.Invoke() is { } obstacle ? Finding.Skip(obstacle) : await ExamineAsync(check, cancel));
        }
    }

    private async Task<Finding> ExamineAsync(Check check, CancellationToken cancel)
    {
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(LimitSeconds), clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
        try
        {
            return await check.Examine(either.Token);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            return check.Late ?? Finding.Fail(
                $"No answer came within {LimitSeconds} seconds.", "Check the URL, the network and that the server is running.");
        }
        catch (HttpRequestException failed)
        {
            return ConnectionTrouble.Of(gateway, failed);
        }
        catch (Exception broken) when (broken is IOException or SocketException or AuthenticationException)
        {
            return Finding.Fail("The connection broke off.", "Look at the log of the server, and at that of any proxy in front of it.");
        }
    }
}

namespace TraceVault.Cli.Doctor;

/// <summary>One thing to check.</summary>
/// <param name="Name">A stable word, the same in text and JSON.</param>
/// <param name="Examine">Does the check; may throw when a connection fails.</param>
/// <param name="Obstacle">Says why an earlier check leaves nothing to examine, or null; called just before the check.</param>
/// <param name="Late">What it means when no answer comes in time; null when it means no more than that.</param>
internal sealed record Check(
    string Name, Func<CancellationToken, Task<Finding>> Examine, Func<string?>? Obstacle = null, Finding? Late = null);

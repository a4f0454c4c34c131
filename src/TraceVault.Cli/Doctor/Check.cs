namespace TraceVault.Cli.Doctor;

/// <summary>One thing that is looked at.</summary>
/// <param name="Name">A stable word, the same in text and JSON.</param>
/// <param name="Examine">Looks; a connection that fails may end it by an exception.</param>
/// <param name="Obstacle">A sentence when an earlier check leaves nothing to look at; asked just before.</param>
/// <param name="Late">What it means when no answer comes in time; null: that no answer came.</param>
internal sealed record Check(string Name, Func<CancellationToken, Task<Finding>> Examine, Func<string?>? Obstacle = null, Finding? Late = null);

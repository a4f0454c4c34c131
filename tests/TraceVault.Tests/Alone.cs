namespace TraceVault.Tests;

/// <summary>For tests that look at the whole process, its memory or its meters: no other runs beside them.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

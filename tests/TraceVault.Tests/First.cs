using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(TraceVault.Tests.First))]

namespace TraceVault.Tests;

/// <summary>
/// For the class whose tests wait longest: it begins first, so that all others run while it waits. After it come the classes whose tests
/// take longest one after the other. The order of the rest changes with each run.
/// </summary>
[CollectionDefinition(nameof(First))]
public sealed class First : ITestCollectionOrderer
{
    private static readonly string[] Longest =
    [
        nameof(First), nameof(Gateway.EarlyBench), nameof(Gateway.RawBench), nameof(Devices.RefreshTests),
        nameof(Clients.RealClientTests), nameof(Operations.HostileRequestTests),
    ];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. DefaultTestCollectionOrderer.Instance.OrderTestCollections(testCollections).OrderBy(
            collection => PlaceOf(collection.TestCollectionDisplayName))];

    /// <param name="name">As given by a definition, or "Test collection for" and the class with its namespace.</param>
    private static int PlaceOf(string name)
    {
        var place = Array.FindIndex(Longest, each =>
            name == each || name.Contains($".{each} ", StringComparison.Ordinal) || name.EndsWith($".{each}", StringComparison.Ordinal));
        return place < 0 ? Longest.Length : place;
    }
}

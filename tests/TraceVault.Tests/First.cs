using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(TraceVault.Tests.First))]

namespace TraceVault.Tests;

/// <summary>For the class whose tests wait longest: it begins first, so that all others run while it waits. Their order changes with each run.</summary>
[CollectionDefinition(nameof(First))]
public sealed class First : ITestCollectionOrderer
{
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. DefaultTestCollectionOrderer.Instance.OrderTestCollections(testCollections).OrderBy(collection => collection.TestCollectionDisplayName != nameof(First))];
}

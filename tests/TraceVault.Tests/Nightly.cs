namespace TraceVault.Tests;

/// <summary>Heavy rounds run whole by night (<c>./test --nightly</c>) and as a short twin by day.</summary>
internal static class Nightly
{
    public static bool IsOn { get; } = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("TEST_NIGHTLY"));

    /// <summary>Every one by night; by day some of them, spread evenly.</summary>
    /// <param name="all">In any order.</param>
    /// <param name="byDay">One of how many by day; 1 for all.</param>
    public static IEnumerable<T> Of<T>(IEnumerable<T> all, int byDay) =>
        IsOn || byDay == 1 ? all : all.Where((_, index) => index % byDay == 0);
}

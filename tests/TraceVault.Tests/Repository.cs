namespace TraceVault.Tests;

/// <summary>
/// The sources that the tests were built from. Not by <c>[CallerFilePath]</c>, which a deterministic build makes the same everywhere.
/// </summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "TraceVault.slnx")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("The tests must be built inside the repository.");
    }
}

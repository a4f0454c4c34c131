namespace TraceVault.Tests.Clients;

/// <summary>Finds what <c>npm ci</c> put into <c>tests/clients</c>.</summary>
internal static class ClientPackages
{
    private static readonly string Folder = Path.Combine(FindRepository(), "tests", "clients");

    /// <exception cref="InvalidOperationException">The client is not installed; the message says what to do.</exception>
    public static string Locate(params string[] path)
    {
        var file = Path.Combine([Folder, .. path]);
        return File.Exists(file) && Directory.Exists(Path.Combine(Folder, "node_modules"))
            ? file
            : throw new InvalidOperationException($"{file} is not installed: run ./test, which installs it, or npm ci in tests/clients.");
    }

    public static string FindRepository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "TraceVault.slnx")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("The tests must be built inside the repository.");
    }
}

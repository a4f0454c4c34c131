namespace TraceVault.Tests.Clients;

/// <summary>Finds what <c>npm ci</c> put into <c>tests/clients</c>.</summary>
internal static class ClientPackages
{
    private static readonly string Folder = Path.Combine(Repository.Root, "tests", "clients");

    /// <exception cref="InvalidOperationException">The client is not installed; the message says what to do.</exception>
    public static string Locate(params string[] path)
    {
        var file = Path.Combine([Folder, .. path]);
        return File.Exists(file) && Directory.Exists(Path.Combine(Folder, "node_modules"))
            ? file
            : throw new InvalidOperationException($"{file} is not installed: run ./test, which installs it, or npm ci in tests/clients.");
    }
}

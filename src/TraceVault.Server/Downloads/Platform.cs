namespace TraceVault.Downloads;

/// <summary>A kind of machine that the command line is built for, and the name of its file: no other file is ever served.</summary>
/// <param name="File">The file's name in the folder and in the address.</param>
/// <param name="Name">For people.</param>
public sealed record Platform(string File, string Name)
{
    public static readonly IReadOnlyList<Platform> All =
    [
        new("tracevault-linux-x64", "Linux, x64"),
        new("tracevault-linux-arm64", "Linux, ARM"),
        new("tracevault-linux-musl-x64", "Linux with musl (Alpine), x64"),
        new("tracevault-linux-musl-arm64", "Linux with musl (Alpine), ARM"),
        new("tracevault-osx-arm64", "macOS, Apple silicon"),
        new("tracevault-osx-x64", "macOS, Intel"),
        new("tracevault-win-x64.exe", "Windows, x64"),
        new("tracevault-win-arm64.exe", "Windows, ARM"),
    ];

    /// <summary>
    /// A line for a shell that downloads the file, checks it, and puts it among the user's own programs. If the check fails, the file stays
    /// where it cannot be run.
    /// </summary>
    /// <param name="origin">The server's public origin.</param>
    /// <param name="sha256">The SHA-256 of the file, in hexadecimal digits.</param>
    public string Install(string origin, string sha256)
    {
        var url = $"{origin}/downloads/{File}";
        return IsWindows
            ? $"Invoke-WebRequest {url} -OutFile tracevault.new; if ((Get-FileHash tracevault.new).Hash -ne '{sha256}') "
                + "{ throw 'The file is damaged.' }; Move-Item -Force tracevault.new tracevault.exe"
            : $"curl -fsSo tracevault.new {url} && echo '{sha256}  tracevault.new' | {Check} -c - && mkdir -p ~/.local/bin "
                + "&& install -m 755 tracevault.new ~/.local/bin/tracevault && rm tracevault.new";
    }

    public bool IsWindows => File.EndsWith(".exe", StringComparison.Ordinal);

    private string Check => File.Contains("-osx-", StringComparison.Ordinal) ? "shasum -a 256" : "sha256sum";
}

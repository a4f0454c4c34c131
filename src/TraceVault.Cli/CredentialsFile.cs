using System.Security.Cryptography;
using System.Text.Json;

namespace TraceVault.Cli;

/// <summary><c>credentials.json</c> of one user: closed to everyone else, and never half written.</summary>
internal sealed class CredentialsFile
{
    private const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerFolder = OwnerFile | UnixFileMode.UserExecute;

    private CredentialsFile(string folder) => Path = System.IO.Path.Combine(folder, "tracevault", "credentials.json");

    public string Path { get; }

    /// <returns>Null when this account has no home at all, so that nothing can be stored.</returns>
    public static CredentialsFile? Find(CliConsole console) => ConfigFolder(console.Variable) is { } folder ? new(folder) : null;

    /// <exception cref="CommandFailure">There is no place to store anything.</exception>
    public static CredentialsFile Require(CliConsole console) =>
        Find(console) ?? throw CommandFailure.Failed("no_config_folder", "There is no place for the credentials: set TRACEVAULT_CONFIG_DIR to a folder.");

    /// <returns>Null when there is no file.</returns>
    /// <exception cref="CommandFailure">The file can't be read or is damaged.</exception>
    public Credentials? Load()
    {
        try
        {
            var credentials = JsonSerializer.Deserialize(File.ReadAllBytes(Path), CliJson.Default.Credentials);
            return credentials is { Token.FitsHeader: true } && ServerUrl.TryParse(credentials.ServerUrl, allowHttp: true, out _, out _)
                ? credentials
                : throw new JsonException();
        }
        catch (Exception absent) when (absent is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException)
        {
            throw CommandFailure.NotSignedIn($"{Path} is damaged. Sign in again: tracevault login --server URL");
        }
        catch (UnauthorizedAccessException)
        {
            throw CommandFailure.NotSignedIn($"{Path} belongs to someone else. Set TRACEVAULT_CONFIG_DIR to a folder of your own, or fix its owner.");
        }
    }

    /// <summary>Replaces the file in one step: written beside it with mode 0600, flushed to disk, renamed over it.</summary>
    /// <exception cref="CommandFailure">The folder can't be written.</exception>
    public void Save(Credentials credentials)
    {
        var folder = System.IO.Path.GetDirectoryName(Path)!;
        var beside = $"{Path}.{RandomNumberGenerator.GetHexString(8, lowercase: true)}";
        try
        {
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(folder);
            else
                Directory.CreateDirectory(folder, OwnerFolder);
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = OwnerFile;
            using (var file = new FileStream(beside, options))
            {
                JsonSerializer.Serialize(file, credentials, CliJson.Default.Credentials);
                file.Flush(flushToDisk: true);
            }

            File.Move(beside, Path, overwrite: true);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            if (File.Exists(beside))
                File.Delete(beside);
            throw CommandFailure.Failed("not_stored", $"The credentials can't be stored in {Path}: {refused.Message}");
        }
    }

    /// <summary>Stores where the server moved the end of this session, unless another command has replaced or forgotten the sign-in meanwhile.</summary>
    /// <remarks>A failure is nobody's concern: the token is good all the same, and the next command asks again.</remarks>
    public void MoveEnd(Credentials credentials, DateTimeOffset end)
    {
        // The file keeps whole seconds, the server more.
        if (credentials.ExpiresAt?.ToUnixTimeSeconds() == end.ToUnixTimeSeconds())
            return;
        try
        {
            if (Holds(credentials.Token))
                Save(credentials with { ExpiresAt = end });
        }
        catch (Exception refused) when (refused is CommandFailure or IOException)
        {
        }
    }

    /// <summary>Deletes the file, unless another command has replaced this sign-in meanwhile.</summary>
    /// <exception cref="CommandFailure">The folder can't be written.</exception>
    public void Forget(Credentials credentials)
    {
        try
        {
            if (Holds(credentials.Token))
                File.Delete(Path);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.Failed("not_forgotten", $"The sign-in can't be deleted from {Path}: {refused.Message} Delete that file yourself.");
        }
    }

    private bool Holds(Secret token) => Load()?.Token.Reveal() == token.Reveal();

    /// <remarks>Linux: the XDG base directory specification, which says to ignore a relative path.</remarks>
    private static string? ConfigFolder(Func<string, string?> variable)
    {
        if (variable("TRACEVAULT_CONFIG_DIR") is { } own)
            return System.IO.Path.GetFullPath(own);
        if (OperatingSystem.IsWindows())
            return variable("APPDATA");
        if (!OperatingSystem.IsMacOS() && variable("XDG_CONFIG_HOME") is { } xdg && System.IO.Path.IsPathRooted(xdg))
            return xdg;
        return variable("HOME") is { } home
            ? System.IO.Path.Combine(home, OperatingSystem.IsMacOS() ? "Library/Application Support" : ".config")
            : null;
    }
}

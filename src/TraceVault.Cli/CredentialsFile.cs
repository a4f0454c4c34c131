using System.Security.Cryptography;
using System.Text.Json;

namespace TraceVault.Cli;

/// <summary>One user's <c>credentials.json</c>: closed to everyone else, never half written, changed by one command at a time.</summary>
/// <remarks>
/// The file's modification time says when the server last confirmed the session. Beside it are <c>credentials.lock</c>, which a command
/// holds while it changes the file, and <c>last-server</c>, which survives a logout.
/// </remarks>
internal sealed class CredentialsFile
{
    private const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerFolder = OwnerFile | UnixFileMode.UserExecute;

    private readonly string _folder;
    private readonly TimeProvider _clock;

    private CredentialsFile(string folder, TimeProvider clock) => (_folder, _clock) = (System.IO.Path.Combine(folder, "tracevault"), clock);

    public string Path => System.IO.Path.Combine(_folder, "credentials.json");

    private string LastServerPath => System.IO.Path.Combine(_folder, "last-server");

    /// <returns>Null when this account has no home directory, so that nothing can be stored.</returns>
    public static CredentialsFile? Find(CliConsole console) =>
        ConfigFolder(console.Variable) is { } folder ? new(folder, console.Clock) : null;

    /// <exception cref="CommandFailure">There is no place to store anything.</exception>
    public static CredentialsFile Require(CliConsole console) =>
        Find(console) ?? throw CommandFailure.Failed(
            "no_config_folder", "There is no place for the credentials: set TRACEVAULT_CONFIG_DIR to a folder.");

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
            throw CommandFailure.NotSignedIn(
                $"{Path} belongs to someone else. Set TRACEVAULT_CONFIG_DIR to a folder of your own, or fix its owner.");
        }
    }

    /// <summary>How long ago the server last confirmed the session; null when the file's time lies in the future.</summary>
    public TimeSpan? Age()
    {
        var spoken = File.GetLastWriteTimeUtc(Path); // the year 1601 when there is no file
        return _clock.GetUtcNow().UtcDateTime - spoken is var age && age >= TimeSpan.Zero ? age : null;
    }

    /// <summary>The server of the last sign-in on this machine, as text; null when there was none.</summary>
    public string? LastServer()
    {
        try
        {
            return File.ReadAllText(LastServerPath).Trim();
        }
        catch (Exception absent) when (absent is IOException or UnauthorizedAccessException)
        {
            return Stored()?.ServerUrl;
        }
    }

    /// <summary>Replaces the file in one step: written beside it with mode 0600, flushed to disk, renamed over it.</summary>
    /// <returns>The credentials that were there before; null when there were none, or the file was damaged.</returns>
    /// <exception cref="CommandFailure">The folder can't be written.</exception>
    public async Task<Credentials?> ReplaceAsync(Credentials credentials)
    {
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(_folder);
            }
            else
            {
                Directory.CreateDirectory(_folder, OwnerFolder);
            }

            using var turn = await TakeAsync();
            var before = Stored();
            Write(Path, file => JsonSerializer.Serialize(file, credentials, CliJson.Default.Credentials));
            Write(LastServerPath, file => file.Write(System.Text.Encoding.UTF8.GetBytes(credentials.ServerUrl + "\n")));
            return before;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.Failed("not_stored", $"The credentials can't be stored in {Path}: {refused.Message}");
        }
    }

    /// <summary>
    /// Stores the end of the session, which the server has just confirmed, unless another command has replaced or forgotten the sign-in in
    /// the meantime.
    /// </summary>
    /// <remarks>A failure does no harm: the token is still good, and the next command asks again.</remarks>
    public async Task ConfirmAsync(Credentials credentials, DateTimeOffset end)
    {
        try
        {
            // The file holds whole seconds, the server's answer is finer.
            if (credentials.ExpiresAt?.ToUnixTimeSeconds() == end.ToUnixTimeSeconds())
            {
                File.SetLastWriteTimeUtc(Path, _clock.GetUtcNow().UtcDateTime);
                return;
            }

            using var turn = await TakeAsync();
            if (Stored()?.Token.Reveal() == credentials.Token.Reveal())
            {
                Write(Path, file => JsonSerializer.Serialize(file, credentials with { ExpiresAt = end }, CliJson.Default.Credentials));
            }
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
        }
    }

    /// <summary>Deletes the file, unless another command has replaced this sign-in in the meantime.</summary>
    /// <exception cref="CommandFailure">The folder can't be written.</exception>
    public async Task ForgetAsync(Credentials credentials)
    {
        try
        {
            if (!File.Exists(Path))
            {
                return;
            }

            using var turn = await TakeAsync();
            if (Stored()?.Token.Reveal() == credentials.Token.Reveal())
            {
                File.Delete(Path);
            }
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.Failed(
                "not_forgotten", $"The sign-in can't be deleted from {Path}: {refused.Message} Delete that file yourself.");
        }
    }

    private Task<FileTurn> TakeAsync() => FileTurn.TakeAsync(System.IO.Path.Combine(_folder, "credentials.lock"));

    private Credentials? Stored()
    {
        try
        {
            return Load();
        }
        catch (CommandFailure)
        {
            // A file that can't be read holds nothing to lose.
            return null;
        }
    }

    private void Write(string path, Action<Stream> write)
    {
        var beside = $"{path}.{RandomNumberGenerator.GetHexString(8, lowercase: true)}";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerFile;
        }

        try
        {
            using (var file = new FileStream(beside, options))
            {
                write(file);
                file.Flush(flushToDisk: true);
            }

            File.SetLastWriteTimeUtc(beside, _clock.GetUtcNow().UtcDateTime);
            File.Move(beside, path, overwrite: true);
        }
        catch when (File.Exists(beside))
        {
            File.Delete(beside);
            throw;
        }
    }

    /// <remarks>Linux: the XDG base directory specification, which says to ignore a relative path.</remarks>
    private static string? ConfigFolder(Func<string, string?> variable)
    {
        if (variable("TRACEVAULT_CONFIG_DIR") is { } own)
        {
            return System.IO.Path.GetFullPath(own);
        }

        if (OperatingSystem.IsWindows())
        {
            return variable("APPDATA");
        }

        if (!OperatingSystem.IsMacOS() && variable("XDG_CONFIG_HOME") is { } xdg && System.IO.Path.IsPathRooted(xdg))
        {
            return xdg;
        }

        return variable("HOME") is { } home
            ? System.IO.Path.Combine(home, OperatingSystem.IsMacOS() ? "Library/Application Support" : ".config")
            : null;
    }
}

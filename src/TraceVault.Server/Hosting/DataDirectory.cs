using TraceVault.Settings;

namespace TraceVault.Hosting;

/// <summary>The folder of the embedded database and its master key; closed to group and others.</summary>
internal sealed class DataDirectory(HostingOptions options)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public string Path { get; } = System.IO.Path.GetFullPath(options.DataDir);

    /// <exception cref="StartupException">The folder cannot be made.</exception>
    public string Ensure() => Ensure(Path);

    /// <exception cref="StartupException">The folder cannot be made.</exception>
    public static string Ensure(string folder)
    {
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(folder);
            }
            else
            {
                Directory.CreateDirectory(folder, OwnerOnly | UnixFileMode.UserExecute);
            }

            return folder;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"The data folder {folder} cannot be made: {problem.Message} Set TRACEVAULT_DATA_DIR to a folder this user may write.");
        }
    }

    /// <summary>Opens a file of the data folder, readable by its owner alone from the moment it exists.</summary>
    public static FileStream OpenPrivate(string path, FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        var stream = new FileStream(path, options);
        Close(path);
        return stream;
    }

    /// <summary>An older or copied file may have been left open to others: closes it to them, when it is ours to close.</summary>
    public static void Close(string path)
    {
        if (OperatingSystem.IsWindows() || (File.GetUnixFileMode(path) & ~OwnerOnly) == 0)
        {
            return;
        }

        try
        {
            File.SetUnixFileMode(path, OwnerOnly);
        }
        catch (UnauthorizedAccessException)
        {
            throw new StartupException($"{path} can be read by other users of this machine and belongs to somebody else: close it (chmod 600), or set TRACEVAULT_DATA_DIR to a folder of this user's.");
        }
    }
}

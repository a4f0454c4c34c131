using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using TraceVault.Settings;

namespace TraceVault.Hosting;

/// <summary>The folder of the embedded database and its master key; closed to group and others.</summary>
internal sealed class DataDirectory(HostingOptions options)
{
    public const string Setting = "TRACEVAULT_DATA_DIR";

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public string Path { get; } = System.IO.Path.GetFullPath(options.DataDir);

    /// <param name="folder">Full path.</param>
    /// <param name="setting">The setting that names it, for the message.</param>
    /// <exception cref="StartupException">The folder cannot be created.</exception>
    public static string Ensure(string folder, string setting)
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
            throw new StartupException(
                $"The data folder {folder} cannot be created: {problem.Message} Set {setting} to a folder that this user may write to.");
        }
    }

    /// <summary>Opens a file of the data folder; only its owner can read it, from the moment it exists.</summary>
    /// <param name="path">Its full path.</param>
    /// <param name="mode">Whether it may, or must, be there already.</param>
    /// <param name="share">Whether somebody else may have it open meanwhile.</param>
    /// <param name="room">Bytes of the disk that a new file takes from the beginning.</param>
    public static FileStream OpenPrivate(string path, FileMode mode, FileShare share = FileShare.None, long room = 0)
    {
        var options = new FileStreamOptions
        {
            Mode = mode,
            Access = FileAccess.ReadWrite,
            Share = share,
            PreallocationSize = room,
        };
        if (!OperatingSystem.IsWindows() && mode is not FileMode.Open)
        {
            options.UnixCreateMode = OwnerOnly;
        }

        var stream = new FileStream(path, options);
        Close(path);
        return stream;
    }

    /// <summary>
    /// Writes a folder's entries to the disk: to survive a loss of power, a new file needs its name there as well as its content.
    /// </summary>
    public static void Flush(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        const int ReadOnly = 0;
        // The framework opens no folders.
        using var handle = new SafeFileHandle(Open(Encoding.UTF8.GetBytes(folder + '\0'), ReadOnly), ownsHandle: true);
        if (!handle.IsInvalid)
        {
            RandomAccess.FlushToDisk(handle);
        }
    }

    /// <summary>Closes a file to other users, if this user owns it: an older or copied file may have been left open.</summary>
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
            throw new StartupException(
                $"{path} can be read by other users of this machine and belongs to somebody else: close it (chmod 600), "
                + $"or set {Setting} to a folder that this user owns.");
        }
    }

    [DllImport("libc", EntryPoint = "open")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int Open(byte[] path, int flags);
}

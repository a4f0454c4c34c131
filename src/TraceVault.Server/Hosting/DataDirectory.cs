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
    /// <param name="setting">What says where it is, for the message.</param>
    /// <exception cref="StartupException">The folder cannot be made.</exception>
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
            throw new StartupException($"The data folder {folder} cannot be made: {problem.Message} Set {setting} to a folder this user may write.");
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

    /// <summary>Puts what a folder contains on the disk: the content of a file alone does not carry its name through a loss of power.</summary>
    public static void Flush(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        const int ReadOnly = 0;
        using var handle = new SafeFileHandle(Open(Encoding.UTF8.GetBytes(folder + '\0'), ReadOnly), ownsHandle: true); // the framework opens no folders
        if (!handle.IsInvalid)
        {
            RandomAccess.FlushToDisk(handle);
        }
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
            throw new StartupException($"{path} can be read by other users of this machine and belongs to somebody else: close it (chmod 600), or set {Setting} to a folder of this user's.");
        }
    }

    [DllImport("libc", EntryPoint = "open")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int Open(byte[] path, int flags);
}

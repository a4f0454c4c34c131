using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace TraceVault.Capture.Spooling;

/// <summary>Brings the content of a file to the disk, and not the time when it was written, which would cost a second write.</summary>
internal static class DataSync
{
    /// <exception cref="IOException">The disk failed. What was written since the last time may be lost.</exception>
    public static void Run(SafeFileHandle file)
    {
        if (!OperatingSystem.IsLinux())
        {
            RandomAccess.FlushToDisk(file);
        }
        else if (Sync(file) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            throw new IOException("The disk failed.", error);
        }
    }

    [DllImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int Sync(SafeFileHandle file);
}

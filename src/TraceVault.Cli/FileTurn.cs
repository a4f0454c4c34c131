using System.Diagnostics;

namespace TraceVault.Cli;

/// <summary>One command's turn at a file: the others wait, in this process and in all others on this machine.</summary>
internal sealed class FileTurn : IDisposable
{
    /// <summary>A turn lasts as long as it takes to write a small file; only a disk that hangs takes longer than this.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5), Pause = TimeSpan.FromMilliseconds(10);

    private readonly FileStream _lock;

    private FileTurn(FileStream held) => _lock = held;

    /// <param name="path">A file for this purpose alone. It is never deleted: otherwise two could have their turn at once.</param>
    /// <exception cref="IOException">It can't be opened, or somebody else holds it for too long.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder can't be written.</exception>
    public static async Task<FileTurn> TakeAsync(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        for (var begin = Stopwatch.GetTimestamp(); ;)
        {
            try
            {
                return new(new FileStream(path, options));
            }
            catch (IOException held) when (held.GetType() == typeof(IOException) && Stopwatch.GetElapsedTime(begin) < Longest)
            {
                await Task.Delay(Pause);
            }
        }
    }

    public void Dispose() => _lock.Dispose();
}

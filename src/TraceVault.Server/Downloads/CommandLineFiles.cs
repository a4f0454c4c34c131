using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace TraceVault.Downloads;

/// <summary>A build of the command line, as its file is now.</summary>
public sealed record CommandLineFile(Platform Platform, string Path, long Bytes, DateTime ChangedAt, string Sha256);

/// <summary>The builds of the command line that this server hands out. Files may be added and replaced while it runs.</summary>
internal sealed class CommandLineFiles(DownloadsOptions options)
{
    private readonly string _folder = Path.GetFullPath(options.Downloads ?? Path.Combine(AppContext.BaseDirectory, "downloads"));

    /// <summary>Each file is read once, however many ask for it.</summary>
    private readonly ConcurrentDictionary<(string Path, long Bytes, DateTime ChangedAt), Lazy<Task<string>>> _hashes = new();

    public async Task<IReadOnlyList<CommandLineFile>> ListAsync() =>
        [.. (await Task.WhenAll(Platform.All.Select(FindAsync))).OfType<CommandLineFile>()];

    /// <returns>Null when there is none, or it cannot be read.</returns>
    public async Task<CommandLineFile?> FindAsync(Platform platform)
    {
        var file = new FileInfo(Path.Combine(_folder, platform.File));
        if (!file.Exists)
        {
            return null;
        }

        var known = (file.FullName, file.Length, file.LastWriteTimeUtc);
        try
        {
            // On another thread: the one that serves the socket must not wait for the disk.
            var hash = await _hashes.GetOrAdd(known, key => new(() => Task.Run(() => HashAsync(key.Path)))).Value;
            return new CommandLineFile(platform, file.FullName, known.Length, known.LastWriteTimeUtc, hash);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            _hashes.TryRemove(known, out _);
            return null;
        }
    }

    private static async Task<string> HashAsync(string path)
    {
        await using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream));
    }
}

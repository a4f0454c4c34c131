using TraceVault.Hosting;

namespace TraceVault.Capture.Parts;

/// <summary>
/// Parts as files of the data folder, closed to group and others: <c>parts/xx/ID</c>, where xx are the last digits of the id.
/// </summary>
/// <param name="data">The data folder.</param>
/// <param name="toDisk">Whether what is appended survives a loss of power: each append then waits for the disk.</param>
internal sealed class FolderParts(DataDirectory data, bool toDisk) : IPartStore
{
    private readonly string _root = Path.Combine(data.Path, "parts");

    public Task AppendAsync(Guid part, long offset, ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var path = PathOf(part);
        var folder = Path.GetDirectoryName(path)!;
        if (offset == 0)
        {
            DataDirectory.Ensure(_root, DataDirectory.Setting); // by itself, because a folder made on the way would be open to others
            DataDirectory.Ensure(folder, DataDirectory.Setting);
        }

        using (var file = OpenToAppend(part, path, offset))
        {
            RandomAccess.Write(file.SafeFileHandle, bytes.Span, offset);
            if (toDisk)
            {
                RandomAccess.FlushToDisk(file.SafeFileHandle);
            }
        }

        if (offset == 0 && toDisk)
        {
            DataDirectory.Flush(folder);
            DataDirectory.Flush(_root);
        }

        return Task.CompletedTask;
    }

    public Task<int> ReadAsync(Guid part, long offset, Memory<byte> into, CancellationToken cancel)
    {
        try
        {
            using var file = File.OpenHandle(PathOf(part), share: FileShare.ReadWrite | FileShare.Delete);
            var read = 0;
            while (read < into.Length && RandomAccess.Read(file, into.Span[read..], offset + read) is > 0 and var some)
            {
                read += some;
            }

            return Task.FromResult(read);
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new PartGoneException(part);
        }
    }

    public Task DeleteAsync(Guid part, CancellationToken cancel)
    {
        try
        {
            File.Delete(PathOf(part));
        }
        catch (DirectoryNotFoundException)
        {
            // Nothing of it is there.
        }

        return Task.CompletedTask;
    }

    public Task<bool> ExistsAsync(Guid part, CancellationToken cancel) => Task.FromResult(File.Exists(PathOf(part)));

    private static FileStream OpenToAppend(Guid part, string path, long offset)
    {
        try
        {
            // Shared, because what is stored already may be read meanwhile.
            var file = DataDirectory.OpenPrivate(path, offset == 0 ? FileMode.OpenOrCreate : FileMode.Open, FileShare.ReadWrite);
            if (file.Length >= offset)
            {
                file.SetLength(offset);
                return file;
            }

            file.Dispose();
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            // As if it were too short.
        }

        throw new PartGoneException(part);
    }

    private string PathOf(Guid part)
    {
        var id = part.ToString();
        return Path.Combine(_root, id[^2..], id);
    }
}

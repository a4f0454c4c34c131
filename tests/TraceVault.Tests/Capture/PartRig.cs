using TraceVault.Capture.Parts;
using TraceVault.Hosting;
using TraceVault.Storage;

namespace TraceVault.Tests.Capture;

/// <summary>A store of parts of the kind that is asked for, with a trace's key; gone after the test.</summary>
internal sealed class PartRig : IAsyncDisposable
{
    private readonly TestDatabase? _database;
    private readonly Database? _connections;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tracevault-parts-");

    private PartRig(string kind, TestDatabase? database)
    {
        var data = new DataDirectory(new HostingOptions { DataDir = _folder.FullName });
        _database = database;
        _connections = database is null ? null : new Database(new StorageOptions { Database = database.Setting }, data);
        Store = kind switch
        {
            "memory" => new MemoryParts(Memory),
            "folder" => new FolderParts(data, toDisk: false),
            _ => new DatabaseParts(_connections!),
        };
        (Reader, Cipher) = (new PartReader(Store), Key.Cipher());
    }

    /// <summary>For <c>[MemberData]</c>: what is used in production.</summary>
    public static TheoryData<string> Stores => new("folder", "sqlite", "postgres");

    /// <summary>The parts of the kind "memory", to look into and to spoil.</summary>
    public Dictionary<Guid, byte[]> Memory { get; } = [];

    public IPartStore Store { get; }

    public PartReader Reader { get; }

    public BodyDelta Deltas { get; } = new();

    public TraceKey Key { get; } = TraceKey.Create();

    public FrameCipher Cipher { get; }

    public string Folder => _folder.FullName;

    public static async Task<PartRig> StartAsync(string kind) =>
        new(kind, kind is "sqlite" or "postgres" ? await TestDatabase.CreateAsync(kind) : null);

    public PartWriter Write(Guid? part = null) => new(Store, Deltas, part ?? Guid.CreateVersion7(), 0);

    public Task<byte[]> ReadAsync(Place place) => Reader.ReadAsync(place, Key, Patience.Cancel);

    /// <summary>A trace of several lines that grow in turn, over as many parts as it takes when each is closed early.</summary>
    public async Task<List<(Place Place, byte[] Body)>> WriteAsync(Random random, int turns, int flushEvery)
    {
        const long Early = 100_000;
        var (written, chain, writer) = (new List<(Place, byte[])>(), new TurnChain(), Write());
        var lines = Enumerable.Range(1, 3).Select(line => RandomBodies.Fresh(random, line * 4_000)).ToArray();
        for (var turn = 0; turn < turns; turn++)
        {
            ref var line = ref lines[random.Next(lines.Length)];
            line = random.Next(20) == 0 ? RandomBodies.Fresh(random, random.Next(3_000)) : RandomBodies.Edited(random, line);
            var answer = random.Next(10) == 0 ? null : RandomBodies.Fresh(random, random.Next(500));
            var (request, reply) = writer.Append(Cipher, chain, line, answer);
            written.Add((request, line));
            if (reply is not null)
            {
                written.Add((reply.Value, answer!));
            }

            if (turn % flushEvery == 0 || turn == turns - 1 || writer.Length > Early)
            {
                await writer.FlushAsync(Patience.Cancel);
                writer = writer.Length > Early ? Write() : writer;
            }
        }

        return written;
    }

    public async ValueTask DisposeAsync()
    {
        Cipher.Dispose();
        Deltas.Dispose();
        if (_connections is not null)
        {
            await _connections.DisposeAsync();
            await _database!.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }

    private sealed class MemoryParts(Dictionary<Guid, byte[]> parts) : IPartStore
    {
        public Task AppendAsync(Guid part, long offset, ReadOnlyMemory<byte> bytes, CancellationToken cancel)
        {
            parts[part] = [.. parts.GetValueOrDefault(part, []).AsSpan(0, (int)offset), .. bytes.Span];
            return Task.CompletedTask;
        }

        public Task<int> ReadAsync(Guid part, long offset, Memory<byte> into, CancellationToken cancel)
        {
            var rest = parts[part].AsMemory((int)Math.Min(offset, parts[part].Length));
            var read = Math.Min(rest.Length, into.Length);
            rest[..read].CopyTo(into);
            return Task.FromResult(read);
        }

        public Task DeleteAsync(Guid part, CancellationToken cancel) => Task.FromResult(parts.Remove(part));

        public Task<bool> ExistsAsync(Guid part, CancellationToken cancel) => Task.FromResult(parts.ContainsKey(part));
    }
}

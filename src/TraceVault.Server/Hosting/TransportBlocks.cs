using System.Buffers;
using Microsoft.AspNetCore.Connections;

namespace TraceVault.Hosting;

/// <summary>
/// The blocks that the server's sockets read into and write from: larger than the web server's own of 4 KiB, so that an agent's request of
/// 100 KB takes 7 reads instead of 25.
/// </summary>
/// <remarks>The runtime's shared pool keeps and trims the blocks.</remarks>
internal sealed class TransportBlocks : MemoryPool<byte>, IMemoryPoolFactory<byte>
{
    /// <summary>In bytes.</summary>
    private const int Size = 16 << 10;

    public override int MaxBufferSize => Shared.MaxBufferSize;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1) => Shared.Rent(Math.Max(minBufferSize, Size));

    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => this;

    protected override void Dispose(bool disposing)
    {
        // It owns nothing.
    }
}

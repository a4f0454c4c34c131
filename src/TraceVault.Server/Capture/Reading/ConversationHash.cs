using System.Buffers.Binary;
using System.IO.Hashing;

namespace TraceVault.Capture.Reading;

/// <summary>Makes a <see cref="Conversation"/> out of messages as they are read.</summary>
internal sealed class ConversationHash(long seed)
{
    private readonly Queue<ulong> _hashes = new();
    private ulong _running;
    private int _count;

    public void Add(ReadOnlySpan<byte> message)
    {
        _running = Combine(_running, OfMessage(message));
        _count++;
        _hashes.Enqueue(_running);
        if (_hashes.Count > Conversation.MaxHashes)
        {
            _hashes.Dequeue();
        }
    }

    /// <param name="system">The system prompt as it stands; empty when there is none.</param>
    /// <returns>Null when there was no message.</returns>
    public Conversation? Finish(ReadOnlySpan<byte> system)
    {
        if (_count == 0)
        {
            return null;
        }

        var hashes = _hashes.ToArray();
        if (_count == hashes.Length)
        {
            hashes[0] = Combine(hashes[0], OfContent(system));
        }

        return new Conversation(_count, hashes);
    }

    private ulong OfMessage(ReadOnlySpan<byte> message)
    {
        var cursor = new JsonCursor(message);
        ReadOnlySpan<byte> role = default, content = default;
        if (!cursor.Enter('{'))
        {
            return XxHash3.HashToUInt64(message, seed);
        }

        while (cursor.NextMember(out var name) && cursor.TakeValue(out var value))
        {
            role = name.Is("role"u8) ? value : role;
            content = name.Is("content"u8) ? value : content;
        }

        return Combine(XxHash3.HashToUInt64(role, seed), OfContent(content));
    }

    private ulong OfContent(ReadOnlySpan<byte> content)
    {
        var text = SingleText.Of(content);
        return text.IsEmpty ? CacheControl.HashWithout(content, seed) : XxHash3.HashToUInt64(text, seed);
    }

    private ulong Combine(ulong first, ulong second)
    {
        Span<byte> both = stackalloc byte[2 * sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(both, first);
        BinaryPrimitives.WriteUInt64LittleEndian(both[sizeof(ulong)..], second);
        return XxHash3.HashToUInt64(both, seed);
    }
}

using System.Buffers;
using System.IO.Pipelines;

namespace TraceVault.FakeAnthropic;

/// <summary>Shows every byte that Kestrel consumes to <see cref="RawHeads"/>, before the request's handler runs.</summary>
/// <remarks>Copies on arrival, because Kestrel decodes the request line in place.</remarks>
internal sealed class HeadTee(PipeReader inner) : PipeReader
{
    private readonly ArrayBufferWriter<byte> _seen = new();
    private ReadOnlySequence<byte> _unconsumed;

    public RawHeads Heads { get; } = new();

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        var result = await inner.ReadAsync(cancellationToken);
        See(result.Buffer);
        return result;
    }

    public override bool TryRead(out ReadResult result)
    {
        if (!inner.TryRead(out result))
        {
            return false;
        }

        See(result.Buffer);
        return true;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        var count = _unconsumed.IsEmpty ? 0 : (int)_unconsumed.Slice(_unconsumed.Start, consumed).Length;
        Heads.Consume(_seen.WrittenSpan[..count]);
        var rest = _seen.WrittenSpan[count..].ToArray();
        _seen.ResetWrittenCount();
        _seen.Write(rest);
        _unconsumed = default;
        inner.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

    private void See(ReadOnlySequence<byte> buffer)
    {
        _unconsumed = buffer;
        foreach (var part in buffer.Slice(_seen.WrittenCount))
        {
            _seen.Write(part.Span);
        }
    }
}

using System.Buffers;
using System.IO.Pipelines;

namespace TraceVault.FakeAnthropic;

/// <summary>Passes bytes through, but can stop once in the middle of a response head (HTTP/1.1).</summary>
internal sealed class PausingWriter(PipeWriter inner) : PipeWriter
{
    /// <summary>Shorter than any status line and first header, so that the pause always falls inside the head.</summary>
    private const int BytesBeforePause = 24;

    private ArrayBufferWriter<byte>? _held;
    private Func<Task>? _wait;

    public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

    public override long UnflushedBytes => inner.UnflushedBytes + (_held?.WrittenCount ?? 0);

    public void PauseNext(Func<Task> wait) => (_held, _wait) = (new(), wait);

    public override Memory<byte> GetMemory(int sizeHint = 0) => _held?.GetMemory(sizeHint) ?? inner.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => _held is { } held ? held.GetSpan(sizeHint) : inner.GetSpan(sizeHint);

    public override void Advance(int bytes)
    {
        if (_held is { } held)
        {
            held.Advance(bytes);
        }
        else
        {
            inner.Advance(bytes);
        }
    }

    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (_held is not { WrittenCount: > BytesBeforePause } held || _wait is not { } wait)
        {
            return await inner.FlushAsync(cancellationToken);
        }

        (_held, _wait) = (null, null);
        inner.Write(held.WrittenSpan[..BytesBeforePause]);
        await inner.FlushAsync(cancellationToken);
        await wait();
        inner.Write(held.WrittenSpan[BytesBeforePause..]);
        return await inner.FlushAsync(cancellationToken);
    }

    public override void CancelPendingFlush() => inner.CancelPendingFlush();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);
}

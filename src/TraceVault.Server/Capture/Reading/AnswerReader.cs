using TraceVault.Capture.Reading.Answers;
using TraceVault.Capture.Reading.Decoding;

namespace TraceVault.Capture.Reading;

/// <summary>
/// Reads what an answer says about itself while its bytes pass, however they are split. Any bytes will do; what can't be read is not known.
/// It is for one thread at a time.
/// </summary>
/// <remarks>
/// It holds nothing but what is split between two pieces: of an event stream the line, of JSON the member at the top level. So an answer of
/// any length costs the same memory. Events that say nothing about the answer are skipped line by line, and nothing is allocated for them.
/// </remarks>
internal sealed class AnswerReader : IDisposable
{
    private readonly AnswerFold _fold = new();
    private readonly EventLines? _events;
    private readonly TopLevel? _json;
    private readonly BodyDecoder? _decoder;
    private readonly bool _isError;
    private bool _isDeaf;

    /// <param name="contentType">The header of that name. What is no event stream is tried as JSON.</param>
    /// <param name="contentEncoding">The header of that name. An unknown encoding leaves nothing known but the status.</param>
    /// <param name="status">Of the answer; 0 when there was none.</param>
    public AnswerReader(string? contentType, string? contentEncoding, int status)
    {
        _isError = status >= 400;
        if (IsEventStream(contentType))
        {
            _events = new EventLines(_fold.TakeEvent);
        }
        else
        {
            _json = new TopLevel(_fold.TakeMember);
        }

        _decoder = BodyDecoder.IsIdentity(contentEncoding) ? null : BodyDecoder.For(contentEncoding);
        _isDeaf = _decoder is null && !BodyDecoder.IsIdentity(contentEncoding);
    }

    /// <summary>Takes the next bytes of the body.</summary>
    public void Push(ReadOnlySpan<byte> bytes)
    {
        if (_isDeaf)
        {
            return;
        }

        _isDeaf = _decoder is null ? !Read(bytes) : !_decoder.Decode(bytes, this, static (decoded, reader) => reader.Read(decoded));
    }

    /// <summary>Says what was read, and lets go of everything.</summary>
    /// <param name="isWhole">
    /// The body came to its end. Of one that was cut, a usage in a stream may be the last word all the same; of JSON only whole members
    /// count.
    /// </param>
    public AnswerFacts Complete(bool isWhole)
    {
        _events?.End();
        Dispose();
        var facts = _fold.Facts(_isError) with { IsStream = _events is not null };
        return facts with { HasEnd = isWhole && (_events is null ? _json is { IsWhole: true } : facts.HasEnd) };
    }

    public void Dispose()
    {
        _events?.Dispose();
        _json?.Dispose();
        _decoder?.Dispose();
        _isDeaf = true;
    }

    private bool Read(ReadOnlySpan<byte> bytes)
    {
        if (_events is not null)
        {
            _events.Push(bytes);
            return true;
        }

        return _json!.Push(bytes);
    }

    private static bool IsEventStream(string? contentType) =>
        contentType?.Split(';')[0].Trim().Equals("text/event-stream", StringComparison.OrdinalIgnoreCase) ?? false;
}

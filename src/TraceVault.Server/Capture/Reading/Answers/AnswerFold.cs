namespace TraceVault.Capture.Reading.Answers;

/// <summary>Puts together what the events of a stream, or the members of a JSON answer, say.</summary>
internal sealed class AnswerFold
{
    private readonly UsageFold _usage = new();
    private string? _id, _model, _stopReason, _errorType;
    private bool _hasError, _hasEnd, _isNoMessage;

    public AnswerFacts Facts(bool isError)
    {
        var usage = _usage.Whole();
        return new AnswerFacts
        {
            MessageId = _isNoMessage ? null : _id,
            Model = _model,
            StopReason = _stopReason,
            ErrorType = _errorType,
            Usage = usage,
            UsageSource = usage is null ? UsageSource.Absent : _usage.IsFinal ? UsageSource.Final : UsageSource.Partial,
            IsUsageTooLarge = _usage.IsTooLarge,
            HasError = isError || _hasError,
            HasEnd = _hasEnd,
        };
    }

    /// <summary>Takes the data of one event. Its own type counts, the event's name does not: clients go by that, too.</summary>
    public void TakeEvent(HeldBytes data)
    {
        var json = data.Bytes;
        var type = TypeOf(json);
        if (type.SequenceEqual("\"message_start\""u8))
        {
            TakeMessage(JsonMember.Find(json, "message"u8));
        }
        else if (type.SequenceEqual("\"message_delta\""u8))
        {
            NoteStopReason(JsonMember.Find(JsonMember.Find(json, "delta"u8), "stop_reason"u8));
            _usage.Add(JsonMember.Find(json, "usage"u8), isFinal: true);
        }
        else if (type.SequenceEqual("\"message_stop\""u8))
        {
            _hasEnd = true;
        }
        else if (type.SequenceEqual("\"error\""u8))
        {
            TakeError(JsonMember.Find(json, "error"u8));
        }
    }

    /// <summary>Takes one member of a JSON answer.</summary>
    /// <param name="isCut">It was too large; only its name can be read.</param>
    public void TakeMember(HeldBytes member, bool isCut)
    {
        var cursor = new JsonCursor(member.Bytes);
        if (!cursor.Enter('{') || !cursor.NextMember(out var name))
        {
            return;
        }

        if (isCut)
        {
            _usage.IsTooLarge |= name.Is("usage"u8);
        }
        else if (cursor.TakeValue(out var value))
        {
            Note(name, value);
        }
    }

    /// <summary>The type stands first, so that the events of a stream without names are skipped after a look at their beginning.</summary>
    private static ReadOnlySpan<byte> TypeOf(ReadOnlySpan<byte> json)
    {
        var cursor = new JsonCursor(json);
        if (cursor.Enter('{'))
        {
            while (cursor.NextMember(out var name) && cursor.TakeValue(out var value))
            {
                if (name.Is("type"u8))
                {
                    return value;
                }
            }
        }

        return default;
    }

    private void TakeMessage(ReadOnlySpan<byte> message)
    {
        var cursor = new JsonCursor(message);
        if (cursor.Enter('{'))
        {
            while (cursor.NextMember(out var name) && cursor.TakeValue(out var value))
            {
                if (name.Is("usage"u8))
                {
                    _usage.Add(value, isFinal: false);
                }
                else
                {
                    Note(name, value);
                }
            }
        }
    }

    private void Note(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (name.Is("id"u8))
        {
            _id = WireId.Read(value);
        }
        else if (name.Is("model"u8))
        {
            _model = JsonText.Read(value, AnswerFacts.MaxModel);
        }
        else if (name.Is("stop_reason"u8))
        {
            NoteStopReason(value);
        }
        else if (name.Is("usage"u8))
        {
            _usage.Add(value, isFinal: true);
        }
        else if (name.Is("error"u8) && value.StartsWith("{"u8))
        {
            TakeError(value);
        }
        else if (name.Is("type"u8))
        {
            _hasError |= value.SequenceEqual("\"error\""u8);
            _isNoMessage = !value.SequenceEqual("\"message\""u8); // models and batches have ids, too
        }
    }

    private void NoteStopReason(ReadOnlySpan<byte> value) => _stopReason = JsonText.Read(value, AnswerFacts.MaxStopReason) ?? _stopReason;

    private void TakeError(ReadOnlySpan<byte> error)
    {
        _hasError = true;
        _errorType = JsonText.Read(JsonMember.Find(error, "type"u8), AnswerFacts.MaxErrorType) ?? _errorType;
    }
}

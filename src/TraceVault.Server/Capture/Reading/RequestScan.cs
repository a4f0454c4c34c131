using System.Buffers.Text;

namespace TraceVault.Capture.Reading;

/// <summary>One reading of a request's body.</summary>
internal ref struct RequestScan(ReadOnlySpan<byte> body, RequestWanted wanted, long seed)
{
    private readonly ReadOnlySpan<byte> _body = body;
    private JsonCursor _cursor = new(body);
    private ReadOnlySpan<byte> _system;
    private BodyHash? _hash = wanted.HasFlag(RequestWanted.BodyHash) ? new BodyHash(seed) : null;
    private ConversationHash? _conversation;
    private string? _model, _session, _threaded, _diagnosed;
    private bool? _stream;
    private int? _maxTokens;
    private bool _hasTools;
    private int _messages;

    public RequestFacts Read()
    {
        var isObject = _cursor.Enter('{');
        while (isObject && _cursor.NextMember(out var name) && Take(name))
        {
            if (_model is not null && !wanted.HasFlag(RequestWanted.Facts))
            {
                return new RequestFacts { Model = _model };
            }
        }

        return new RequestFacts
        {
            Model = _model,
            Stream = _stream,
            MaxTokens = _maxTokens,
            SessionId = _session,
            PreviousMessageId = _threaded ?? _diagnosed,
            HasTools = _hasTools,
            Messages = _messages,
            BodyHash = _hash?.Finish(_body) ?? 0,
            Conversation = _cursor.IsBroken ? null : _conversation?.Finish(_system),
            IsWhole = isObject && !_cursor.IsBroken,
        };
    }

    /// <returns>False when the body ends within the value.</returns>
    private bool Take(ReadOnlySpan<byte> name)
    {
        if (name.Is("messages"u8))
        {
            return TakeMessages();
        }

        var start = _cursor.MemberStart;
        if (!_cursor.TakeValue(out var value))
        {
            return false;
        }

        if (name.Is("stream"u8))
        {
            _stream = value.SequenceEqual("true"u8) ? true : value.SequenceEqual("false"u8) ? false : null;
            _hash?.LeaveOut(_body, start, ref _cursor);
        }
        else
        {
            Note(name, value);
        }

        return true;
    }

    private void Note(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (name.Is("model"u8))
        {
            _model = JsonText.Read(value, RequestFacts.MaxModel);
        }
        else if (name.Is("max_tokens"u8))
        {
            _maxTokens = Utf8Parser.TryParse(value, out int number, out var length) && length == value.Length ? number : null;
        }
        else if (name.Is("metadata"u8))
        {
            _session = MetadataSession.Read(JsonMember.Find(value, "user_id"u8));
        }
        else if (name.Is("thread"u8))
        {
            _threaded = WireId.Read(JsonMember.Find(value, "previous_message_id"u8));
        }
        else if (name.Is("diagnostics"u8))
        {
            _diagnosed = WireId.Read(JsonMember.Find(value, "previous_message_id"u8));
        }
        else if (name.Is("tools"u8))
        {
            var tools = new JsonCursor(value);
            _hasTools = tools.Enter('[') && tools.NextElement();
        }
        else if (name.Is("system"u8))
        {
            _system = value;
        }
    }

    private bool TakeMessages()
    {
        (_messages, _conversation) = (0, null);
        if (!_cursor.Enter('['))
        {
            return _cursor.TakeValue(out _);
        }

        var conversation = wanted.HasFlag(RequestWanted.Conversation) ? new ConversationHash(seed) : null;
        while (_cursor.NextElement() && _cursor.TakeValue(out var message))
        {
            _messages++;
            conversation?.Add(message);
        }

        _conversation = conversation;
        return !_cursor.IsBroken;
    }
}

using TraceVault.Capture.Reading;

namespace TraceVault.Capture.Recording;

/// <summary>
/// Finds the session of exchanges whose client names none: by the answer that a request goes on from, or by the conversation that it
/// continues. What is known is forgotten with the process: a conversation that goes on after that begins a new trace.
/// </summary>
internal sealed class Sessions
{
    /// <summary>How many are remembered, of all users together.</summary>
    private const int Most = 2_000;

    private readonly Recent<(string UserId, string MessageId)> _messages = new(Most);
    private readonly Recent<(string UserId, ulong Conversation)> _conversations = new(Most);

    /// <summary>The key of a session that begins with this exchange, and perhaps ends with it.</summary>
    public static string Alone(Guid exchange) => $"exchange:{exchange}";

    /// <returns>The session's key: as its client names it, that of the exchange it goes on from, or a new one.</returns>
    public string Find(string userId, Guid exchange, TraceIdentity identity, ExchangeFacts facts)
    {
        var key = identity.SessionKey ?? Continued(userId, facts.Request) ?? Alone(exchange);
        if (facts.Answer.MessageId is { } message)
        {
            _messages.Set((userId, message), key);
        }

        if (identity.SessionKey is null && facts.Request.Conversation is { } conversation)
        {
            _conversations.Set((userId, conversation.Last), key);
        }

        return key;
    }

    private string? Continued(string userId, RequestFacts request)
    {
        if (request.PreviousMessageId is { } previous && _messages.Find((userId, previous)) is { } known)
        {
            return known;
        }

        foreach (var earlier in request.Conversation?.Earlier ?? [])
        {
            if (_conversations.Find((userId, earlier)) is { } session)
            {
                return session;
            }
        }

        return null;
    }
}

/// <summary>The texts that were set last.</summary>
internal sealed class Recent<TKey>(int most)
    where TKey : notnull
{
    private readonly Dictionary<TKey, string> _texts = [];
    private readonly Queue<TKey> _order = new();

    public string? Find(TKey key) => _texts.GetValueOrDefault(key);

    public void Set(TKey key, string text)
    {
        if (_texts.TryAdd(key, text))
        {
            _order.Enqueue(key);
            if (_order.Count > most)
            {
                _texts.Remove(_order.Dequeue());
            }
        }
        else
        {
            _texts[key] = text;
        }
    }
}

using System.Text;
using System.Text.Json;
using TraceVault.Capture.Reading;

namespace TraceVault.Tests.Capture;

/// <summary>Reads a request with the reader of the framework. It is slow, simple, and throws at what is no JSON.</summary>
internal static class StrictRequestReader
{
    public static RequestFacts Read(string json)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json));
        reader.Read();
        var last = new Dictionary<string, JsonElement>();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            last[name] = JsonElement.ParseValue(ref reader);
        }

        return new RequestFacts
        {
            Model = Text(Find(last, "model")),
            Stream = Find(last, "stream") is { ValueKind: JsonValueKind.True or JsonValueKind.False } stream ? stream.GetBoolean() : null,
            MaxTokens = Find(last, "max_tokens") is { ValueKind: JsonValueKind.Number } max && max.TryGetInt32(out var number)
                ? number : null,
            SessionId = SessionOf(Text(Member(Find(last, "metadata"), "user_id"))),
            PreviousMessageId = IdOf(Text(Member(Find(last, "thread"), "previous_message_id"))),
            HasTools = Find(last, "tools") is { ValueKind: JsonValueKind.Array } tools && tools.GetArrayLength() > 0,
            Messages = Find(last, "messages") is { ValueKind: JsonValueKind.Array } messages ? messages.GetArrayLength() : 0,
            IsWhole = true,
        };
    }

    private static JsonElement? Find(Dictionary<string, JsonElement> all, string name) =>
        all.TryGetValue(name, out var value) ? value : null;

    private static JsonElement? Member(JsonElement? json, string name) =>
        json is { ValueKind: JsonValueKind.Object } all && all.TryGetProperty(name, out var value) ? value : null;

    private static string? Text(JsonElement? value) =>
        value is { ValueKind: JsonValueKind.String } text && text.GetString() is { Length: > 0 } found ? found : null;

    private static string? IdOf(string? text) => text is not null && text.All(each => each is > ' ' and <= '~') ? text : null;

    private static string? SessionOf(string? userId)
    {
        if (userId?.StartsWith('{') != true)
        {
            return userId?.Split("_session_") is [_, var session] && Guid.TryParse(session, out _) ? session : null;
        }

        try
        {
            return IdOf(Text(Member(JsonElement.Parse(userId), "session_id")));
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

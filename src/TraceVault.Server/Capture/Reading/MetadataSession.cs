using System.Text;

namespace TraceVault.Capture.Reading;

/// <summary>
/// Reads the session's id out of <c>metadata.user_id</c>. Callers of the API put ids of their own there; those name no session.
/// </summary>
/// <remarks>
/// It has two forms: a JSON text of its own within the string, <c>{"device_id":…,"account_uuid":…,"session_id":…}</c>, and before that
/// <c>user_HEX_account_UUID_session_UUID</c>, with nothing in place of the first UUID when nobody was signed in.
/// </remarks>
internal static class MetadataSession
{
    /// <summary>In bytes; both forms take less than 300.</summary>
    private const int MaxLength = 2048;

    private static ReadOnlySpan<byte> Before => "_session_"u8;

    /// <param name="userId">The JSON value as it stands.</param>
    public static string? Read(ReadOnlySpan<byte> userId)
    {
        if (!JsonText.IsString(userId) || userId.Length > MaxLength)
        {
            return null;
        }

        Span<byte> buffer = stackalloc byte[MaxLength];
        var text = buffer[..JsonText.Unescape(userId[1..^1], buffer)];
        return text.StartsWith("{"u8) ? WireId.Read(JsonMember.Find(text, "session_id"u8)) : FromWords(text);
    }

    private static string? FromWords(ReadOnlySpan<byte> text)
    {
        if (!text.StartsWith("user_"u8) || text.IndexOf("_account_"u8) < 0 || text.LastIndexOf(Before) is not (>= 0 and var at))
        {
            return null;
        }

        var session = Encoding.UTF8.GetString(text[(at + Before.Length)..]);
        return Guid.TryParseExact(session, "D", out _) ? session : null;
    }
}

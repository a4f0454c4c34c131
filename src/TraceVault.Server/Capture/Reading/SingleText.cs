namespace TraceVault.Capture.Reading;

/// <summary>Finds the text of a message that is nothing but text, in both ways to write one.</summary>
internal static class SingleText
{
    /// <param name="content">A string, or an array of content blocks.</param>
    /// <returns>
    /// The string as it stands, with its quotes, or that of the only block, if that has nothing else but a <c>cache_control</c>. Otherwise
    /// empty.
    /// </returns>
    public static ReadOnlySpan<byte> Of(ReadOnlySpan<byte> content)
    {
        if (JsonText.IsString(content))
        {
            return content;
        }

        var blocks = new JsonCursor(content);
        if (!blocks.Enter('[') || !blocks.NextElement() || !blocks.Enter('{'))
        {
            return default;
        }

        ReadOnlySpan<byte> text = default;
        var isText = false;
        while (blocks.NextMember(out var name) && blocks.TakeValue(out var value))
        {
            if (name.SequenceEqual("text"u8) && JsonText.IsString(value))
            {
                text = value;
            }
            else if (name.SequenceEqual("type"u8) && value.SequenceEqual("\"text\""u8))
            {
                isText = true;
            }
            else if (!name.SequenceEqual("cache_control"u8))
            {
                return default;
            }
        }

        return isText && !blocks.NextElement() && !blocks.IsBroken ? text : default;
    }
}

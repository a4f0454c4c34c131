namespace TraceVault.Capture.Taping;

/// <summary>How an exchange ended.</summary>
/// <param name="Outcome">
/// The word for it: <c>ok</c>, the code of our own error, <c>client_left</c>, <c>upstream_died</c> or <c>cut</c>.
/// </param>
/// <param name="ErrorCode">The code of our own error; null when there was none.</param>
/// <param name="FirstByte">Time to the first byte of the answer; null when there was none.</param>
/// <param name="RequestBytes">Bytes of the body that were read from the client.</param>
/// <param name="AnswerBytes">Bytes of the body that were sent to the client.</param>
internal sealed record ExchangeEnd(
    string Outcome, string? ErrorCode, TimeSpan? FirstByte, TimeSpan Duration, long RequestBytes, long AnswerBytes)
{
    /// <summary>For an exchange whose end nobody saw, because the server was killed.</summary>
    public const string Interrupted = "interrupted";

    public int Write(Span<byte> to)
    {
        var fields = new FieldWriter(to);
        fields.Add(Outcome);
        fields.Add(ErrorCode);
        fields.Add(FirstByte?.Ticks ?? -1);
        fields.Add(Duration.Ticks);
        fields.Add(RequestBytes);
        fields.Add(AnswerBytes);
        return fields.Written;
    }

    /// <exception cref="FormatException">These are not the bytes of an end.</exception>
    public static ExchangeEnd Read(ReadOnlySpan<byte> from)
    {
        var fields = new FieldReader(from);
        return new ExchangeEnd(
            fields.Text() ?? Interrupted,
            fields.Text(),
            fields.Number() is >= 0 and var ticks ? TimeSpan.FromTicks(ticks) : null,
            TimeSpan.FromTicks(fields.Number()),
            fields.Number(),
            fields.Number());
    }
}

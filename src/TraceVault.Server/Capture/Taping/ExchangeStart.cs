using System.Buffers.Binary;
using TraceVault.Capture.Reading;

namespace TraceVault.Capture.Taping;

/// <summary>What is known when an exchange begins.</summary>
/// <param name="Id">The exchange's own, a UUID of version 7.</param>
/// <param name="TokenId">The row of the session or proxy token that the client presented.</param>
/// <param name="Path">The path that was asked for, without its query, at most <see cref="MaxPath"/> characters.</param>
/// <param name="Mode">What is kept of this exchange, whatever is decided later.</param>
/// <param name="Headers">Those of <see cref="IdentifyingHeaders"/> that the request has.</param>
internal sealed record ExchangeStart(
    Guid Id,
    string UserId,
    string TokenId,
    string Provider,
    string Method,
    string Path,
    CaptureMode Mode,
    IdentifyingHeaders Headers)
{
    public const int MaxPath = 200, MaxMethod = 20;

    /// <summary>When it began, in whole milliseconds.</summary>
    public DateTimeOffset At { get; } = TimeOf(Id);

    /// <summary>The session that the headers name; null when they name none.</summary>
    public string? SessionKey { get; } = TraceIdentity.Of(Headers.Named, RequestFacts.None).SessionKey;

    /// <summary>The time that an id begins with (RFC 9562 §5.7).</summary>
    public static DateTimeOffset TimeOf(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64BigEndian(bytes) >>> 16);
    }

    /// <summary>For the spool: what is left of an exchange when the server is killed.</summary>
    public int Write(Span<byte> to)
    {
        var fields = new FieldWriter(to);
        fields.Add(UserId);
        fields.Add(TokenId);
        fields.Add(Provider);
        fields.Add(Method);
        fields.Add(Path);
        fields.Add((long)Mode);
        Headers.Write(ref fields);
        return fields.Written;
    }

    /// <exception cref="FormatException">These are not the bytes of a start.</exception>
    public static ExchangeStart Read(Guid id, ReadOnlySpan<byte> from)
    {
        var fields = new FieldReader(from);
        return new ExchangeStart(
            id,
            fields.Text() ?? "",
            fields.Text() ?? "",
            fields.Text() ?? "",
            fields.Text() ?? "",
            fields.Text() ?? "",
            (CaptureMode)fields.Number(),
            IdentifyingHeaders.Read(ref fields));
    }
}

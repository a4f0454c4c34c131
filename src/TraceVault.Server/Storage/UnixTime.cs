namespace TraceVault.Storage;

/// <summary>Converts times of the database, which are Unix milliseconds, for answers and pages.</summary>
internal static class UnixTime
{
    public static DateTime ToUtc(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).UtcDateTime;

    public static DateTime? ToUtc(long? milliseconds) => milliseconds is { } time ? ToUtc(time) : null;
}

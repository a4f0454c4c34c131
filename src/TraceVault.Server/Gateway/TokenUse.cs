namespace TraceVault.Gateway;

/// <summary>When a token was last used, kept in memory and written to the database from time to time.</summary>
internal sealed class TokenUse(DateTimeOffset lastUsedAt)
{
    private long _used = lastUsedAt.UtcTicks, _written = lastUsedAt.UtcTicks;

    /// <summary>Id of the row of the stored key that was last used with this token; null until one was used.</summary>
    public string? KeyId { get; set; }

    public DateTimeOffset UsedAt => new(Volatile.Read(ref _used), TimeSpan.Zero);

    public void Mark(DateTimeOffset now) => Volatile.Write(ref _used, now.UtcTicks);

    public bool IsUnwritten => Volatile.Read(ref _used) > Volatile.Read(ref _written);

    public void Written(DateTimeOffset upTo) => Volatile.Write(ref _written, upTo.UtcTicks);
}

namespace TraceVault.Changes;

/// <summary>
/// What a change locks before it looks at anything: of two changes of the same thing, one waits for the other and sees what it did.
/// </summary>
/// <remarks>
/// A row is locked by writing it, which works on both engines. The order is always members, user, the rest: otherwise two changes could
/// wait for each other.
/// </remarks>
internal sealed class Scope
{
    /// <summary>
    /// Who belongs to the server, and with which role. One such change runs at a time, across all servers. The row is that of the first
    /// set-up.
    /// </summary>
    public static readonly Scope Members = new("update first_run set completed_at = completed_at where id = 1");

    /// <summary>For a change whose first statement alone decides which of two changes comes first.</summary>
    public static readonly Scope None = new(null);

    private readonly string? _lock;
    private readonly object? _values;

    private Scope(string? sql, object? values = null) => (_lock, _values) = (sql, values);

    /// <summary>Everything that is a user's: their sessions, tokens, key.</summary>
    public static Scope User(string userId) => new("update users set updated_at = updated_at where id = @userId", new { userId });

    public Task LockAsync(Change change) => _lock is null ? Task.CompletedTask : change.ExecuteAsync(_lock, _values);
}

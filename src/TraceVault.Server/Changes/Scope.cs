namespace TraceVault.Changes;

/// <summary>
/// What a change locks before it looks at anything, so that of two changes of one thing one waits for the other and sees what it did.
/// </summary>
/// <remarks>A row is locked by writing it, which both engines understand. Always in this order, or two changes could wait for each other:
/// members, user, the rest.</remarks>
internal sealed class Scope
{
    /// <summary>
    /// Who belongs to the server, and with which role: one such change at a time, on all servers. The row is that of the first set-up.
    /// </summary>
    public static readonly Scope Members = new("update first_run set completed_at = completed_at where id = 1");

    /// <summary>For a change whose first statement decides of itself which of two comes first.</summary>
    public static readonly Scope None = new(null);

    private readonly string? _lock;
    private readonly object? _values;

    private Scope(string? sql, object? values = null) => (_lock, _values) = (sql, values);

    /// <summary>Everything that is a user's: their sessions, tokens, key.</summary>
    public static Scope User(string userId) => new("update users set updated_at = updated_at where id = @userId", new { userId });

    public Task LockAsync(Change change) => _lock is null ? Task.CompletedTask : change.ExecuteAsync(_lock, _values);
}

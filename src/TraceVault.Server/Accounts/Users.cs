using Dapper;
using TraceVault.Changes;
using TraceVault.Identity;
using TraceVault.Storage;

namespace TraceVault.Accounts;

/// <summary>Accounts in the database.</summary>
internal sealed class Users(Database database, ChangeMaker changes, TimeProvider clock)
{
    /// <summary>A user with the facts that a sign-in checks.</summary>
    internal sealed record WithPassword(string Id, string Email, string? Name, string Role, string PasswordHash, DateTimeOffset? DisabledAt)
    {
        public User User => new(Id, Email, Name, Role);
    }

    public async Task<bool> AnyAsync(CancellationToken cancel)
    {
        await using var connection = await database.OpenReaderAsync(cancel);
        var command = new CommandDefinition("select count(*) from users", cancellationToken: cancel);
        return await connection.ExecuteScalarAsync<long>(command) > 0;
    }

    /// <returns>The owner; null when there already was a first user.</returns>
    public Task<User?> CreateFirstAsync(EmailAddress email, string? name, string passwordHash, Origin origin, CancellationToken cancel) =>
        changes.MakeAsync<User?>(
            Scope.None,
            async change =>
            {
                var first = await change.ExecuteAsync(
                    "insert into first_run (id, completed_at) values (1, @Now) on conflict do nothing", new { change.Now });
                if (first == 0)
                {
                    return Verdict.Nothing<User?>(null);
                }

                var user = new User(Guid.CreateVersion7(change.Now).ToString(), email.Text, name, User.Owner);
                await change.ExecuteAsync(
                    """
                    insert into users (id, email, email_key, name, role, password_hash, created_at, updated_at)
                    values (@Id, @Email, @Key, @Name, @Role, @passwordHash, @Now, @Now)
                    """,
                    new { user.Id, user.Email, email.Key, user.Name, user.Role, passwordHash, change.Now });
                var happened = AuditEvent.Own(AuditActions.SetUp, new Actor(user.Id, user.Email, origin));
                return Verdict.Done<User?>(user, ChangeKind.Member, user.Id, happened);
            },
            cancel);

    public async Task<WithPassword?> FindAsync(EmailAddress email, CancellationToken cancel)
    {
        await using var connection = await database.OpenReaderAsync(cancel);
        return await connection.QuerySingleOrDefaultAsync<WithPassword>(new CommandDefinition(
            "select id, email, name, role, password_hash, disabled_at from users where email_key = @Key",
            new { email.Key },
            cancellationToken: cancel));
    }

    /// <summary>
    /// Replaces the hash against which a password was checked by a stronger one, unless the password was changed in the meantime.
    /// </summary>
    public async Task RenewHashAsync(string userId, string checkedHash, string renewed, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        await using var connection = await database.OpenWriterAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition(
            "update users set password_hash = @renewed, updated_at = @now where id = @userId and password_hash = @checkedHash",
            new { userId, checkedHash, renewed, now },
            cancellationToken: cancel));
    }
}

using Dapper;
using TraceVault.Changes;
using TraceVault.Identity;
using TraceVault.Storage;

namespace TraceVault.Accounts;

/// <summary>Accounts in the database.</summary>
internal sealed class Users(Database database, ChangeMaker changes, TimeProvider clock)
{
    /// <summary>A user together with what a sign-in checks.</summary>
    internal sealed record WithPassword(string Id, string Email, string? Name, string Role, string PasswordHash, long? DisabledAt)
    {
        public User User => new(Id, Email, Name, Role);
    }

    public async Task<bool> AnyAsync(CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        return await connection.ExecuteScalarAsync<long>(new CommandDefinition("select count(*) from users", cancellationToken: cancel)) > 0;
    }

    /// <returns>The owner, or null when there was a first user already.</returns>
    public Task<User?> CreateFirstAsync(EmailAddress email, string? name, string passwordHash, Origin origin, CancellationToken cancel) => changes.MakeAsync<User?>(
        Scope.None,
        async change =>
        {
            if (await change.ExecuteAsync("insert into first_run (id, completed_at) values (1, @NowMs) on conflict do nothing", new { change.NowMs }) == 0)
            {
                return Verdict.Nothing<User?>(null);
            }

            var user = new User(Guid.CreateVersion7(change.Now).ToString(), email.Text, name, User.Owner);
            await change.ExecuteAsync(
                """
                insert into users (id, email, email_key, name, role, password_hash, created_at, updated_at)
                values (@Id, @Email, @Key, @Name, @Role, @passwordHash, @NowMs, @NowMs)
                """,
                new { user.Id, user.Email, email.Key, user.Name, user.Role, passwordHash, change.NowMs });
            return Verdict.Done<User?>(user, ChangeKind.Member, user.Id, AuditEvent.Own(AuditActions.SetUp, new Actor(user.Id, user.Email, origin)));
        },
        cancel);

    public async Task<WithPassword?> FindAsync(EmailAddress email, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        return await connection.QuerySingleOrDefaultAsync<WithPassword>(new CommandDefinition(
            "select id, email, name, role, password_hash, disabled_at from users where email_key = @Key", new { email.Key }, cancellationToken: cancel));
    }

    /// <summary>Puts a stronger hash of the same password in place of the one it was checked against, unless the password was changed meanwhile.</summary>
    public async Task RenewHashAsync(string userId, string checkedHash, string renewed, CancellationToken cancel)
    {
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        await using var connection = await database.ConnectAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition(
            "update users set password_hash = @renewed, updated_at = @now where id = @userId and password_hash = @checkedHash",
            new { userId, checkedHash, renewed, now },
            cancellationToken: cancel));
    }
}

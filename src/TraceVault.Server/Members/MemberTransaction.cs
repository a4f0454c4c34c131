using System.Data.Common;
using Dapper;
using TraceVault.Accounts;
using TraceVault.Audit;
using TraceVault.Storage;

namespace TraceVault.Members;

/// <summary>A change to who belongs to the server. One runs at a time, on both engines and on all servers: what it reads stands until it has written.</summary>
/// <remarks>So two owners cannot demote each other, and who loses a role at this moment does not use it any more.</remarks>
internal sealed class MemberTransaction : IAsyncDisposable
{
    private readonly DbConnection _connection;
    private readonly DbTransaction _transaction;
    private readonly AuditLog _audit;
    private readonly TimeProvider _clock;

    private MemberTransaction(DbConnection connection, DbTransaction transaction, AuditLog audit, TimeProvider clock) =>
        (_connection, _transaction, _audit, _clock) = (connection, transaction, audit, clock);

    /// <summary>Not to be cancelled, see <see cref="UserChanges.MakeAsync"/>.</summary>
    public static async Task<MemberTransaction> BeginAsync(Database database, AuditLog audit, TimeProvider clock)
    {
        var connection = await database.ConnectAsync(CancellationToken.None);
        try
        {
            var transaction = await connection.BeginTransactionAsync();
            // The one row that every such change writes first: whoever comes second waits here.
            await connection.ExecuteAsync("update first_run set completed_at = completed_at where id = 1", transaction: transaction);
            return new MemberTransaction(connection, transaction, audit, clock);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public Task<Member?> FindAsync(string? id) =>
        _connection.QuerySingleOrDefaultAsync<Member>($"select {Member.Columns} from users u where u.id = @id", new { id }, _transaction);

    public Task<int> ExecuteAsync(string sql, object values) => _connection.ExecuteAsync(sql, values, _transaction);

    public Task<T?> QueryAsync<T>(string sql, object values) => _connection.QuerySingleOrDefaultAsync<T>(sql, values, _transaction);

    public async Task<bool> IsLastOwnerAsync(Member member) => member is { Role: User.Owner, DisabledAt: null }
        && await _connection.ExecuteScalarAsync<long>("select count(*) from users where role = @Owner and disabled_at is null and id <> @Id", new { User.Owner, member.Id }, _transaction) == 0;

    /// <summary>Ends what a user is signed in with, and their own reset link. The user's row has to be written before: a sign-in under way waits for it.</summary>
    public async Task EndAccessAsync(string userId, Actor actor, string? exceptSession = null)
    {
        var except = exceptSession ?? "";
        await ExecuteAsync("delete from auth_sessions where user_id = @userId and id <> @except", new { userId, except });
        await ExecuteAsync("delete from proxy_tokens where user_id = @userId", new { userId });
        await ExecuteAsync("delete from device_authorizations where user_id = @userId", new { userId }); // approved, not fetched yet
        await WithdrawResetsAsync("user_id", userId, actor);
    }

    /// <summary>Withdraws the links that somebody handed out under a role which they no longer have.</summary>
    public async Task WithdrawLinksOfAsync(Member issuer, Actor actor)
    {
        foreach (var email in (await _connection.QueryAsync<string>("select email from invites where invited_by = @Id and expires_at > @Now order by id", new { issuer.Id, Now }, _transaction)).AsList())
        {
            await AppendAsync(new AuditEvent(AuditActions.InviteWithdrawn, actor, null, email));
        }

        await ExecuteAsync("delete from invites where invited_by = @Id", new { issuer.Id });
        await WithdrawResetsAsync("issued_by", issuer.Id, actor);
    }

    /// <summary>Ends reset links; of those that were still good the audit log tells.</summary>
    /// <param name="column">By which column they are found: <c>user_id</c> or <c>issued_by</c>.</param>
    public async Task WithdrawResetsAsync(string column, string id, Actor actor)
    {
        var good = await _connection.QueryAsync<WithdrawnReset>(
            $"select u.id, u.email from password_resets join users u on u.id = user_id where {column} = @id and expires_at > @Now order by u.id", new { id, Now }, _transaction);
        foreach (var reset in good.AsList())
        {
            await AppendAsync(new AuditEvent(AuditActions.ResetWithdrawn, actor, reset.Id, reset.Email));
        }

        await ExecuteAsync($"delete from password_resets where {column} = @id", new { id });
    }

    private sealed record WithdrawnReset(string Id, string Email);

    private long Now => _clock.GetUtcNow().ToUnixTimeMilliseconds();

    public Task AppendAsync(AuditEvent happened) => _audit.AppendAsync(_connection, _transaction, happened);

    /// <summary>Keeps that somebody tried what is not theirs to do, and nothing else.</summary>
    public async Task RefuseAsync(AuditEvent attempted)
    {
        await AppendAsync(attempted with { Outcome = AuditOutcome.Refused });
        await CommitAsync();
    }

    public Task CommitAsync() => _transaction.CommitAsync();

    public async ValueTask DisposeAsync()
    {
        await _transaction.DisposeAsync();
        await _connection.DisposeAsync();
    }
}

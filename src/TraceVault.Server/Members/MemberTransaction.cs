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

    private MemberTransaction(DbConnection connection, DbTransaction transaction, AuditLog audit) =>
        (_connection, _transaction, _audit) = (connection, transaction, audit);

    /// <summary>Not to be cancelled, see <see cref="UserChanges.MakeAsync"/>.</summary>
    public static async Task<MemberTransaction> BeginAsync(Database database, AuditLog audit)
    {
        var connection = await database.ConnectAsync(CancellationToken.None);
        try
        {
            var transaction = await connection.BeginTransactionAsync();
            // The one row that every such change writes first: whoever comes second waits here.
            await connection.ExecuteAsync("update first_run set completed_at = completed_at where id = 1", transaction: transaction);
            return new MemberTransaction(connection, transaction, audit);
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
    public async Task EndAccessAsync(string userId, string? exceptSession = null)
    {
        var except = exceptSession ?? "";
        await ExecuteAsync("delete from auth_sessions where user_id = @userId and id <> @except", new { userId, except });
        await ExecuteAsync("delete from proxy_tokens where user_id = @userId", new { userId });
        await ExecuteAsync("delete from device_authorizations where user_id = @userId", new { userId }); // approved, not fetched yet
        await ExecuteAsync("delete from password_resets where user_id = @userId", new { userId });
    }

    /// <summary>Withdraws the links that somebody handed out under a role which they no longer have.</summary>
    public async Task WithdrawLinksOfAsync(Member issuer, Actor actor)
    {
        foreach (var email in (await _connection.QueryAsync<string>("select email from invites where invited_by = @Id order by id", new { issuer.Id }, _transaction)).AsList())
        {
            await AppendAsync(new AuditEvent(AuditActions.InviteWithdrawn, actor, null, email));
        }

        await ExecuteAsync("delete from invites where invited_by = @Id", new { issuer.Id });
        await ExecuteAsync("delete from password_resets where issued_by = @Id", new { issuer.Id });
    }

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

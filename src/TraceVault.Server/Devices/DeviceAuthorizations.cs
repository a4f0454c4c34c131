using System.Net;
using Dapper;
using TraceVault.Accounts;
using TraceVault.Changes;
using TraceVault.Identity;
using TraceVault.Storage;

namespace TraceVault.Devices;

/// <summary>
/// Devices that ask to be signed in (RFC 8628), in the database. A request is valid for ten minutes; only the hash of its device code is
/// stored.
/// </summary>
internal sealed class DeviceAuthorizations(Database database, ChangeMaker changes, TimeProvider clock) : IExpiring
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    /// <summary>
    /// How many may be open from one address, which colleagues may share, and how many in all, which bounds the table.
    /// </summary>
    public const int MaxPerAddress = 30, MaxOpen = 10_000;

    /// <summary>The seconds between two polls, at first.</summary>
    public const int Interval = 5;

    private const string Columns = "id, user_code, state, user_id, client, address, created_at, expires_at, interval_seconds, polled_at";

    /// <summary>The codes in clear, which only this answer holds.</summary>
    internal sealed record Created(AccessToken DeviceCode, UserCode UserCode);

    /// <returns>Null when too many are open; also when the user code is taken, which happens once in a million times.</returns>
    public async Task<Created?> CreateAsync(Origin origin, IPAddress? address, CancellationToken cancel)
    {
        var created = new Created(AccessToken.Create(TokenKind.Device), UserCode.Create());
        var now = clock.GetUtcNow();
        await using var connection = await database.OpenWriterAsync(cancel);
        var inserted = await connection.ExecuteAsync(new CommandDefinition(
            """
            insert into device_authorizations
                (id, device_code_hash, user_code, state, client, address, source, created_at, expires_at, interval_seconds, polled_at)
            select @Id, @Hash, @Letters, @Pending, @Client, @Address, @source, @Now, @Expires, @Interval, 0
            where (select count(*) from device_authorizations where source = @source and expires_at > @Now) < @MaxPerAddress
            and (select count(*) from device_authorizations where expires_at > @Now) < @MaxOpen
            on conflict do nothing
            """,
            new
            {
                Id = Guid.CreateVersion7(now).ToString(),
                Hash = created.DeviceCode.Hash().ToBytes(),
                created.UserCode.Letters,
                DeviceAuthorization.Pending,
                origin.Client,
                origin.Address,
                source = SignInThrottle.Subject(address),
                Now = now,
                Expires = now + Lifetime,
                Interval = (long)Interval,
                MaxPerAddress = (long)MaxPerAddress,
                MaxOpen = (long)MaxOpen,
            },
            cancellationToken: cancel));
        return inserted == 0 ? null : created;
    }

    /// <returns>The request in whatever state, even if expired; null when there is none.</returns>
    public async Task<DeviceAuthorization?> FindAsync(TokenHash deviceCode, CancellationToken cancel)
    {
        await using var connection = await database.OpenReaderAsync(cancel);
        return await connection.QuerySingleOrDefaultAsync<DeviceAuthorization>(new CommandDefinition(
            $"select {Columns} from device_authorizations where device_code_hash = @Hash",
            new { Hash = deviceCode.ToBytes() },
            cancellationToken: cancel));
    }

    /// <returns>The request that waits for a decision; null when there is none, or when it has expired.</returns>
    public async Task<DeviceAuthorization?> FindPendingAsync(UserCode code, CancellationToken cancel)
    {
        await using var connection = await database.OpenReaderAsync(cancel);
        return await connection.QuerySingleOrDefaultAsync<DeviceAuthorization>(new CommandDefinition(
            $"select {Columns} from device_authorizations where user_code = @Letters and state = @Pending and expires_at > @Now",
            new { code.Letters, DeviceAuthorization.Pending, Now = clock.GetUtcNow() },
            cancellationToken: cancel));
    }

    /// <summary>
    /// Approves or refuses a device. Until the device has fetched its tokens, an approval ends with the session that gave it.
    /// </summary>
    /// <returns>Whether the device was still waiting for a decision.</returns>
    /// <exception cref="SessionOverException">The session ended in the meantime.</exception>
    public Task<bool> DecideAsync(UserCode code, bool approve, string bySession, Actor actor) => changes.MakeAsync(
        Scope.User(actor.UserId!),
        async change =>
        {
            await Sessions.RequireAsync(change, actor.UserId!, bySession);
            var id = await change.FindAsync<string>(
                """
                update device_authorizations set state = @State, user_id = @UserId, approved_by = @By
                where user_code = @Letters and state = @Pending and expires_at > @Now returning id
                """,
                new
                {
                    State = approve ? DeviceAuthorization.Approved : DeviceAuthorization.Refused,
                    By = approve ? bySession : null,
                    actor.UserId,
                    code.Letters,
                    DeviceAuthorization.Pending,
                    change.Now,
                });
            var happened = AuditEvent.Own(approve ? AuditActions.DeviceApproved : AuditActions.DeviceRefused, actor, id);
            return id is null ? Verdict.Nothing(false) : Verdict.Done(true, ChangeKind.Access, actor.UserId!, happened);
        });

    /// <summary>Records a poll.</summary>
    /// <param name="found">The request as it was read.</param>
    /// <param name="intervalSeconds">The interval between polls from now on.</param>
    /// <returns>False when another poll or a decision came first.</returns>
    public async Task<bool> TouchAsync(DeviceAuthorization found, long intervalSeconds, CancellationToken cancel)
    {
        await using var connection = await database.OpenWriterAsync(cancel);
        return await connection.ExecuteAsync(new CommandDefinition(
            """
            update device_authorizations set polled_at = @Now, interval_seconds = @intervalSeconds
            where id = @Id and state = @Pending and polled_at = @PolledAt
            """,
            new { Now = clock.GetUtcNow(), intervalSeconds, found.Id, DeviceAuthorization.Pending, found.PolledAt },
            cancellationToken: cancel)) > 0;
    }

    /// <summary>Withdraws the request of a device that gave up before somebody decided about it.</summary>
    /// <returns>Whether it was still waiting for a decision.</returns>
    public async Task<bool> WithdrawPendingAsync(string id)
    {
        await using var connection = await database.OpenWriterAsync(CancellationToken.None);
        return await connection.ExecuteAsync(
            "update device_authorizations set state = @Refused where id = @id and state = @Pending",
            new { id, DeviceAuthorization.Refused, DeviceAuthorization.Pending }) > 0;
    }

    /// <summary>
    /// Withdraws the request of a device that gave up after somebody had approved it, but before it had fetched its tokens.
    /// </summary>
    /// <returns>Whether there was still an approval to withdraw.</returns>
    public Task<bool> WithdrawApprovedAsync(DeviceAuthorization found, Origin origin) => changes.MakeAsync(
        Scope.User(found.UserId!),
        async change =>
        {
            var withdrawn = await change.ExecuteAsync(
                "update device_authorizations set state = @Refused, approved_by = null where id = @Id and state = @Approved",
                new { found.Id, DeviceAuthorization.Refused, DeviceAuthorization.Approved });
            var email = await change.FindAsync<string>("select email from users where id = @UserId", new { found.UserId });
            var happened = new AuditEvent(
                AuditActions.DeviceWithdrawn, new Actor(null, null, origin), found.UserId, email, found.Id);
            return withdrawn == 0 ? Verdict.Nothing(false) : Verdict.Done(true, ChangeKind.Access, found.UserId!, happened);
        });

    /// <summary>Forgets requests some time after they expired: until then a device that comes too late is told so.</summary>
    public async Task ForgetExpiredAsync(CancellationToken cancel)
    {
        var before = clock.GetUtcNow() - Lifetime;
        await using var connection = await database.OpenWriterAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition(
            "delete from device_authorizations where expires_at < @before", new { before }, cancellationToken: cancel));
    }
}

using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Dapper;
using TraceVault.Storage;

namespace TraceVault.Accounts;

/// <summary>
/// Slows password guessing: at most <see cref="PerAccount"/> failures for one account and <see cref="PerAddress"/> from one address
/// within <see cref="Window"/>. Counted in the database, so that a restart or a second server forgets nothing.
/// </summary>
internal sealed class SignInThrottle(Database database, TimeProvider clock)
{
    public const int PerAccount = 10, PerAddress = 50;

    public static readonly TimeSpan Window = TimeSpan.FromMinutes(15);

    /// <summary>Counts an attempt as failed before its password is looked at, so that attempts in parallel do not slip through.</summary>
    /// <returns>Null when the attempt may go on; otherwise how long to wait.</returns>
    public async Task<TimeSpan?> EnterAsync(string account, IPAddress? address, CancellationToken cancel)
    {
        var wait = await CountAsync(Subject(account), PerAccount, cancel);
        return await CountAsync(Subject(address), PerAddress, cancel) is { } longer && longer > (wait ?? TimeSpan.Zero) ? longer : wait;
    }

    /// <summary>Takes back what <see cref="EnterAsync"/> counted: the password was right.</summary>
    public async Task SucceedAsync(string account, IPAddress? address, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition(
            "delete from sign_in_failures where subject = @Account", new { Account = Subject(account) }, cancellationToken: cancel));
        await connection.ExecuteAsync(new CommandDefinition(
            "update sign_in_failures set failures = failures - 1 where subject = @Address and failures > 0", new { Address = Subject(address) }, cancellationToken: cancel));
    }

    public async Task ForgetOldAsync(CancellationToken cancel)
    {
        var before = (clock.GetUtcNow() - Window).ToUnixTimeMilliseconds();
        await using var connection = await database.ConnectAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition("delete from sign_in_failures where window_started_at < @before", new { before }, cancellationToken: cancel));
    }

    private async Task<TimeSpan?> CountAsync(string subject, int limit, CancellationToken cancel)
    {
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        var expired = now - (long)Window.TotalMilliseconds;
        await using var connection = await database.ConnectAsync(cancel);
        var (failures, started) = await connection.QuerySingleAsync<(long Failures, long Started)>(new CommandDefinition(
            """
            insert into sign_in_failures (subject, failures, window_started_at) values (@subject, 1, @now)
            on conflict (subject) do update set
                failures = case when sign_in_failures.window_started_at < @expired then 1 else sign_in_failures.failures + 1 end,
                window_started_at = case when sign_in_failures.window_started_at < @expired then @now else sign_in_failures.window_started_at end
            returning failures, window_started_at
            """,
            new { subject, now, expired },
            cancellationToken: cancel));
        return failures > limit ? TimeSpan.FromMilliseconds(started - expired) : null;
    }

    /// <summary>Hashed, so that an address typed into the wrong field does not stay in the table.</summary>
    private static string Subject(string account) => "account:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(account)));

    /// <summary>An IPv6 subscriber holds a /64 (RFC 6177), so that is what counts as one address.</summary>
    private static string Subject(IPAddress? address)
    {
        if (address is { IsIPv4MappedToIPv6: true })
        {
            address = address.MapToIPv4();
        }

        return address is { AddressFamily: AddressFamily.InterNetworkV6 }
            ? "address:" + Convert.ToHexStringLower(address.GetAddressBytes().AsSpan(0, 8))
            : $"address:{address}";
    }
}

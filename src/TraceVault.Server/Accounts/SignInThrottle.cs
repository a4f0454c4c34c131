using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Dapper;
using TraceVault.Storage;

namespace TraceVault.Accounts;

/// <summary>
/// Slows password guessing: within <see cref="Window"/> at most <see cref="PerAccount"/> failures for one account from one address,
/// <see cref="PerAddress"/> from one address in all, and <see cref="PerAccountAnywhere"/> for one account from everywhere, which is more, so
/// that a single machine cannot lock somebody else out. Counted in the database, so that a restart or a second server forgets nothing.
/// </summary>
internal sealed class SignInThrottle(Database database, TimeProvider clock, ILogger<SignInThrottle> log) : IExpiring
{
    public const int PerAccount = 10, PerAddress = 50, PerAccountAnywhere = 100;

    public static readonly TimeSpan Window = TimeSpan.FromMinutes(15);

    /// <param name="Wait">Null when the attempt may go on; otherwise how long to wait.</param>
    /// <param name="IsLast">Whether those after this one are refused for a while, if it fails. One of many in parallel is the last.</param>
    internal readonly record struct Admission(TimeSpan? Wait, bool IsLast = false);

    private sealed record Count(string Subject, long Failures, long WindowStartedAt);

    /// <summary>Counts an attempt as failed before its password is looked at, so that attempts in parallel do not slip through.</summary>
    /// <remarks>Who has to wait costs no write.</remarks>
    public async Task<Admission> EnterAsync(string account, IPAddress? address, CancellationToken cancel)
    {
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        var expired = now - (long)Window.TotalMilliseconds;
        var (anywhere, from, both) = Subjects(account, address);
        await using var connection = await database.ConnectAsync(cancel);
        var counts = await connection.QueryAsync<Count>(new CommandDefinition(
            "select subject, failures, window_started_at from sign_in_failures where subject in (@from, @anywhere, @both) and window_started_at >= @expired",
            new { from, anywhere, both, expired },
            cancellationToken: cancel));
        if (Wait(counts, atLeast: 0) is { } refused)
        {
            return new Admission(refused);
        }

        counts = await connection.QueryAsync<Count>(new CommandDefinition(
            """
            insert into sign_in_failures (subject, failures, window_started_at) values (@from, 1, @now), (@anywhere, 1, @now), (@both, 1, @now)
            on conflict (subject) do update set
                failures = case when sign_in_failures.window_started_at < @expired then 1 else sign_in_failures.failures + 1 end,
                window_started_at = case when sign_in_failures.window_started_at < @expired then @now else sign_in_failures.window_started_at end
            returning subject, failures, window_started_at
            """,
            new { from, anywhere, both, now, expired },
            cancellationToken: cancel));
        if (counts.Any(count => count.Subject == from && count.Failures == PerAddress))
        {
            log.LogWarning(
                "{Failures} sign-ins from {Address} failed within {Minutes} minutes: nobody at that address can sign in until these are over. "
                + "If it is your reverse proxy, set TRACEVAULT_TRUSTED_PROXIES to it, and only whoever guesses has to wait.",
                PerAddress,
                address?.ToString(),
                Window.TotalMinutes);
        }

        return new Admission(Wait(counts, atLeast: 1), IsLast: counts.Any(count => count.Failures == Limit(count)));

        TimeSpan? Wait(IEnumerable<Count> found, int atLeast) => found
            .Where(count => count.Failures >= atLeast + Limit(count))
            .Max(count => (TimeSpan?)TimeSpan.FromMilliseconds(count.WindowStartedAt - expired));

        int Limit(Count count) => count.Subject == from ? PerAddress : count.Subject == both ? PerAccount : PerAccountAnywhere;
    }

    /// <summary>Takes back what <see cref="EnterAsync"/> counted: the password was right.</summary>
    public async Task SucceedAsync(string account, IPAddress? address, CancellationToken cancel)
    {
        var (anywhere, from, both) = Subjects(account, address);
        await using var connection = await database.ConnectAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition("delete from sign_in_failures where subject = @both", new { both }, cancellationToken: cancel));
        foreach (var subject in (string[])[anywhere, from]) // one at a time: two rows in one statement could be locked in an order of their own
        {
            await connection.ExecuteAsync(new CommandDefinition(
                "update sign_in_failures set failures = failures - 1 where subject = @subject and failures > 0", new { subject }, cancellationToken: cancel));
        }
    }

    public async Task ForgetExpiredAsync(CancellationToken cancel)
    {
        var before = (clock.GetUtcNow() - Window).ToUnixTimeMilliseconds();
        await using var connection = await database.ConnectAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition("delete from sign_in_failures where window_started_at < @before", new { before }, cancellationToken: cancel));
    }

    private static (string Anywhere, string From, string Both) Subjects(string account, IPAddress? address)
    {
        var (anywhere, from) = (Subject(account), Subject(address));
        return (anywhere, from, $"{anywhere} {from}");
    }

    /// <summary>Hashed, so that an address typed into the wrong field does not stay in the table.</summary>
    private static string Subject(string account) => "account:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(account)));

    /// <summary>An IPv6 subscriber holds a /64 (RFC 6177), so that is what counts as one address.</summary>
    public static string Subject(IPAddress? address)
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

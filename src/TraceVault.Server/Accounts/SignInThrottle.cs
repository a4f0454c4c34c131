using System.Data.Common;
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
/// that a single machine cannot lock somebody else out. Somebody who is signed in has <see cref="PerAccount"/> guesses of device codes, which
/// count for nothing else. Counted in the database, so that a restart or a second server forgets nothing.
/// </summary>
internal sealed class SignInThrottle(Database database, TimeProvider clock, ILogger<SignInThrottle> log) : IExpiring
{
    public const int PerAccount = 10, PerAddress = 50, PerAccountAnywhere = 100;

    public static readonly TimeSpan Window = TimeSpan.FromMinutes(15);

    /// <param name="Wait">Null when the attempt may go on; otherwise how long to wait.</param>
    /// <param name="Reached">The widest limit that this attempt reached: those after it are refused for a while, if it fails. One of many in parallel reaches it.</param>
    internal readonly record struct Admission(TimeSpan? Wait, Limit? Reached = null)
    {
        public bool IsLast => Reached is not null;
    }

    /// <summary>What an attempt counts for, and how many may fail.</summary>
    internal sealed record Limit(string Subject, int Most);

    private sealed record Count(long Failures, long WindowStartedAt);

    /// <returns>How long an attempt would have to wait: what is refused anyhow need not queue for a hash first. Counts nothing.</returns>
    public async Task<TimeSpan?> WaitAsync(string account, IPAddress? address, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        return await WaitAsync(connection, Limits(account, address), cancel);
    }

    /// <summary>Counts an attempt as failed before its password is looked at, so that attempts in parallel do not slip through. Whoever calls says how it went, even if the client has left.</summary>
    /// <remarks>Who has to wait costs no write, and is not counted.</remarks>
    public async Task<Admission> EnterAsync(string account, IPAddress? address, CancellationToken cancel)
    {
        var limits = Limits(account, address);
        var admission = await EnterAsync(limits, cancel);
        if (admission.Reached == limits[0])
        {
            log.LogWarning(
                "{Failures} sign-ins from {Address} failed within {Minutes} minutes: nobody at that address can sign in until these are over. "
                + "If it is your reverse proxy, set TRACEVAULT_TRUSTED_PROXIES to it, and only whoever guesses has to wait.",
                PerAddress,
                address?.ToString(),
                Window.TotalMinutes);
        }

        return admission;
    }

    /// <summary>The same for a guess of a device code by somebody who is signed in.</summary>
    public Task<Admission> EnterAsync(string guesserId, CancellationToken cancel) => EnterAsync(Limits(guesserId), cancel);

    /// <summary>Takes back what <see cref="EnterAsync(string, IPAddress?, CancellationToken)"/> counted: the password was right, so that earlier failures from there were slips.</summary>
    public async Task SucceedAsync(string account, IPAddress? address, CancellationToken cancel)
    {
        var limits = Limits(account, address);
        await using var connection = await database.ConnectAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition("delete from sign_in_failures where subject = @Subject", new { limits[^1].Subject }, cancellationToken: cancel));
        foreach (var limit in limits[..^1])
        {
            await TakeBackAsync(connection, limit, cancel);
        }
    }

    /// <summary>The code was right. That says nothing of the guesses before: it may be of a device of one's own.</summary>
    public async Task SucceedAsync(string guesserId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await TakeBackAsync(connection, Limits(guesserId)[0], cancel);
    }

    public async Task ForgetExpiredAsync(CancellationToken cancel)
    {
        var before = (clock.GetUtcNow() - Window).ToUnixTimeMilliseconds();
        await using var connection = await database.ConnectAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition("delete from sign_in_failures where window_started_at < @before", new { before }, cancellationToken: cancel));
    }

    private async Task<Admission> EnterAsync(Limit[] limits, CancellationToken cancel)
    {
        var (now, expired) = Times();
        await using var connection = await database.ConnectAsync(cancel);
        if (await WaitAsync(connection, limits, cancel) is { } refused)
        {
            return new Admission(refused);
        }

        Limit? reached = null;
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        foreach (var limit in limits)
        {
            var count = await connection.QuerySingleAsync<Count>(new CommandDefinition(
                """
                insert into sign_in_failures (subject, failures, window_started_at) values (@Subject, 1, @now)
                on conflict (subject) do update set
                    failures = case when sign_in_failures.window_started_at < @expired then 1 else sign_in_failures.failures + 1 end,
                    window_started_at = case when sign_in_failures.window_started_at < @expired then @now else sign_in_failures.window_started_at end
                returning failures, window_started_at
                """,
                new { limit.Subject, now, expired },
                transaction,
                cancellationToken: cancel));
            if (count.Failures > limit.Most)
            {
                return new Admission(TimeSpan.FromMilliseconds(count.WindowStartedAt - expired)); // another one was faster; rolled back, since this one is not looked at
            }

            reached ??= count.Failures == limit.Most ? limit : null;
        }

        await transaction.CommitAsync(cancel);
        return new Admission(null, reached);
    }

    private async Task<TimeSpan?> WaitAsync(DbConnection connection, Limit[] limits, CancellationToken cancel)
    {
        var (expired, longest) = (Times().Expired, (TimeSpan?)null);
        foreach (var limit in limits)
        {
            var startedAt = await connection.QuerySingleOrDefaultAsync<long?>(new CommandDefinition(
                "select window_started_at from sign_in_failures where subject = @Subject and window_started_at >= @expired and failures >= @most",
                new { limit.Subject, expired, most = (long)limit.Most },
                cancellationToken: cancel));
            longest = startedAt is { } at && TimeSpan.FromMilliseconds(at - expired) is var wait && !(wait <= longest) ? wait : longest;
        }

        return longest;
    }

    private static Task<int> TakeBackAsync(DbConnection connection, Limit limit, CancellationToken cancel) => connection.ExecuteAsync(new CommandDefinition(
        "update sign_in_failures set failures = failures - 1 where subject = @Subject and failures > 0", new { limit.Subject }, cancellationToken: cancel));

    private (long Now, long Expired) Times()
    {
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        return (now, now - (long)Window.TotalMilliseconds);
    }

    /// <summary>Always in this order: two attempts that lock the same rows then wait for each other in turn, never both.</summary>
    private static Limit[] Limits(string account, IPAddress? address)
    {
        var (anywhere, from) = (Subject(account), Subject(address));
        return [new(from, PerAddress), new(anywhere, PerAccountAnywhere), new($"{anywhere} {from}", PerAccount)];
    }

    private static Limit[] Limits(string guesserId) => [new($"codes:{guesserId}", PerAccount)];

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

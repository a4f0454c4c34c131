using System.Data.Common;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Dapper;
using TraceVault.Storage;

namespace TraceVault.Accounts;

/// <summary>
/// Slows password guessing. Within <see cref="Window"/> it allows at most <see cref="PerAccount"/> failures for one account from one
/// address, <see cref="PerAddress"/> from one address in all, and <see cref="PerAccountAnywhere"/> for one account from everywhere. The
/// last number is larger, so that a single machine cannot lock somebody else out. Somebody who is signed in has <see cref="PerAccount"/>
/// guesses of device codes, which count for nothing else. The database holds the counts, so that a restart or a second server forgets
/// nothing.
/// </summary>
internal sealed class SignInThrottle(Database database, TimeProvider clock, ILogger<SignInThrottle> log) : IExpiring
{
    public const int PerAccount = 10, PerAddress = 50, PerAccountAnywhere = 100;

    public static readonly TimeSpan Window = TimeSpan.FromMinutes(15);

    /// <param name="Wait">Null when the attempt may go on; otherwise how long to wait.</param>
    /// <param name="Reached">
    /// The widest limit that this attempt reached: if it fails, later attempts are refused for a while. Of many parallel attempts only one
    /// reaches it.
    /// </param>
    internal readonly record struct Admission(TimeSpan? Wait, Limit? Reached = null)
    {
        public bool IsLast => Reached is not null;
    }

    /// <summary>The subject for which attempts are counted, and how many of them may fail.</summary>
    internal sealed record Limit(string Subject, int Most);

    private sealed record Count(long Failures, DateTimeOffset WindowStartedAt);

    /// <summary>Counts nothing. An attempt that is refused anyway need not queue for a hash first.</summary>
    /// <returns>How long an attempt would have to wait; null when it need not.</returns>
    public async Task<TimeSpan?> WaitAsync(string account, IPAddress? address, CancellationToken cancel)
    {
        await using var connection = await database.OpenReaderAsync(cancel);
        return await WaitAsync(connection, Limits(account, address), cancel);
    }

    /// <summary>
    /// Counts an attempt as failed before its password is checked, so that parallel attempts do not slip through. The caller has to report
    /// a success, even if the client has left.
    /// </summary>
    /// <remarks>An attempt that has to wait is not counted and writes nothing.</remarks>
    public async Task<Admission> EnterAsync(string account, IPAddress? address, CancellationToken cancel)
    {
        var limits = Limits(account, address);
        var admission = await EnterAsync(limits, cancel);
        if (admission.Reached == limits[0])
        {
            log.LogWarning(
                "{Failures} sign-ins from {Address} failed within {Minutes} minutes: "
                + "nobody at that address can sign in until these are over. "
                + "If that is your reverse proxy, add it to TRACEVAULT_TRUSTED_PROXIES, so that only whoever guesses has to wait.",
                PerAddress,
                address?.ToString(),
                Window.TotalMinutes);
        }

        return admission;
    }

    /// <summary>Does the same for a guess of a device code by somebody who is signed in.</summary>
    public Task<Admission> EnterAsync(string guesserId, CancellationToken cancel) => EnterAsync(Limits(guesserId), cancel);

    /// <summary>
    /// Takes back what <see cref="EnterAsync(string, IPAddress?, CancellationToken)"/> counted, and earlier failures for the account from
    /// that address: the password was right, so they were slips.
    /// </summary>
    public async Task SucceedAsync(string account, IPAddress? address, CancellationToken cancel)
    {
        var limits = Limits(account, address);
        await using var connection = await database.OpenWriterAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition(
            "delete from sign_in_failures where subject = @Subject", new { limits[^1].Subject }, cancellationToken: cancel));
        foreach (var limit in limits[..^1])
        {
            await TakeBackAsync(connection, limit, cancel);
        }
    }

    /// <summary>
    /// Takes back one guess, because its code was right. Earlier guesses stay counted: the code may be that of the guesser's own device.
    /// </summary>
    public async Task SucceedAsync(string guesserId, CancellationToken cancel)
    {
        await using var connection = await database.OpenWriterAsync(cancel);
        await TakeBackAsync(connection, Limits(guesserId)[0], cancel);
    }

    public async Task ForgetExpiredAsync(CancellationToken cancel)
    {
        var before = clock.GetUtcNow() - Window;
        await using var connection = await database.OpenWriterAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition(
            "delete from sign_in_failures where window_started_at < @before", new { before }, cancellationToken: cancel));
    }

    private async Task<Admission> EnterAsync(Limit[] limits, CancellationToken cancel)
    {
        var (now, expired) = Times();
        await using var connection = await database.OpenWriterAsync(cancel);
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
                    window_started_at =
                        case when sign_in_failures.window_started_at < @expired then @now else sign_in_failures.window_started_at end
                returning failures, window_started_at
                """,
                new { limit.Subject, now, expired },
                transaction,
                cancellationToken: cancel));
            if (count.Failures > limit.Most)
            {
                // Another attempt was faster. The count is rolled back, because this attempt is refused without a check.
                return new Admission(count.WindowStartedAt - expired);
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
            var startedAt = await connection.QuerySingleOrDefaultAsync<DateTimeOffset?>(new CommandDefinition(
                """
                select window_started_at from sign_in_failures
                where subject = @Subject and window_started_at >= @expired and failures >= @most
                """,
                new { limit.Subject, expired, most = (long)limit.Most },
                cancellationToken: cancel));
            longest = startedAt - expired is { } wait && !(wait <= longest) ? wait : longest;
        }

        return longest;
    }

    private static Task<int> TakeBackAsync(DbConnection connection, Limit limit, CancellationToken cancel) =>
        connection.ExecuteAsync(new CommandDefinition(
            "update sign_in_failures set failures = failures - 1 where subject = @Subject and failures > 0",
            new { limit.Subject },
            cancellationToken: cancel));

    private (DateTimeOffset Now, DateTimeOffset Expired) Times()
    {
        var now = UnixTime.Now(clock);
        return (now, now - Window);
    }

    /// <summary>The order is always the same, so that two attempts that lock the same rows cannot deadlock.</summary>
    private static Limit[] Limits(string account, IPAddress? address)
    {
        var (anywhere, from) = (Subject(account), Subject(address));
        return [new(from, PerAddress), new(anywhere, PerAccountAnywhere), new($"{anywhere} {from}", PerAccount)];
    }

    private static Limit[] Limits(string guesserId) => [new($"codes:{guesserId}", PerAccount)];

    /// <summary>The account is hashed, so that what is typed into the wrong field does not stay readable in the table.</summary>
    private static string Subject(string account) =>
        "account:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(account)));

    /// <summary>An IPv6 subscriber holds a /64 (RFC 6177), so a /64 counts as one address.</summary>
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

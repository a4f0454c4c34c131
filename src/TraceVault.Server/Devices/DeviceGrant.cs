using TraceVault.Accounts;
using TraceVault.Changes;
using TraceVault.Identity;

namespace TraceVault.Devices;

/// <summary>Answers a device that asks whether it was approved (RFC 8628 §3.4). It issues tokens once.</summary>
internal sealed class DeviceGrant(
    DeviceAuthorizations devices, SessionTokens tokens, ChangeMaker changes, Places places, TimeProvider clock)
{
    /// <summary>How many seconds each early poll adds to the interval (RFC 8628 §3.5), and the longest interval in seconds.</summary>
    private const long SlowDown = 5, MaxInterval = 60;

    /// <summary>How much too early a poll may come, because networks do not keep time.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(1);

    private sealed record Owner(string Id, string Email);

    public async Task<GrantResult> TryAsync(TokenHash deviceCode, Origin origin, CancellationToken cancel)
    {
        while (true)
        {
            if (await devices.FindAsync(deviceCode, cancel) is not { } found)
            {
                return new GrantResult(OAuthError.UnknownDeviceCode);
            }

            if (found.State == DeviceAuthorization.Used)
            {
                // Somebody else has the code too, or the first answer was lost: in both cases nobody may keep the tokens.
                await tokens.EndAsync(found.Id, AuditActions.DeviceCodeReused, origin);
                return new GrantResult(OAuthError.UsedDeviceCode);
            }

            if (found.State == DeviceAuthorization.Refused)
            {
                return new GrantResult(OAuthError.Refused);
            }

            if (clock.GetUtcNow() >= found.ExpiresAt)
            {
                return new GrantResult(OAuthError.ExpiredDeviceCode);
            }

            if (found.State == DeviceAuthorization.Pending)
            {
                return new GrantResult(await PendingAsync(found, cancel));
            }

            if (await RedeemAsync(found, origin) is { } result)
            {
                return result;
            }
        }
    }

    /// <summary>
    /// Withdraws a device that gave up: nobody can approve it any more, and if its answer with tokens was lost, their session ends.
    /// </summary>
    public async Task WithdrawAsync(TokenHash deviceCode, Origin origin, CancellationToken cancel)
    {
        var isOver = false; // otherwise a decision or a poll came between: look again
        while (!isOver && await devices.FindAsync(deviceCode, cancel) is { } found)
        {
            switch (found.State)
            {
                case DeviceAuthorization.Pending:
                    isOver = await devices.WithdrawPendingAsync(found.Id);
                    break;
                case DeviceAuthorization.Approved:
                    isOver = await devices.WithdrawApprovedAsync(found, origin);
                    break;
                case DeviceAuthorization.Used:
                    await tokens.EndAsync(found.Id, AuditActions.SignOut, origin);
                    return;
                default:
                    return;
            }
        }
    }

    private async Task<OAuthError> PendingAsync(DeviceAuthorization found, CancellationToken cancel)
    {
        var early = found.PolledAt > DateTimeOffset.UnixEpoch
            && clock.GetUtcNow() < found.PolledAt.AddSeconds(found.IntervalSeconds) - Tolerance;
        var interval = early ? Math.Min(found.IntervalSeconds + SlowDown, MaxInterval) : found.IntervalSeconds;
        return await devices.TouchAsync(found, interval, cancel) && !early ? OAuthError.Pending : OAuthError.SlowDown;
    }

    /// <returns>Null when another poll was faster.</returns>
    private Task<GrantResult?> RedeemAsync(DeviceAuthorization found, Origin origin) => changes.MakeAsync<GrantResult?>(
        Scope.User(found.UserId!),
        async change =>
        {
            var owner = await change.FindAsync<Owner>(
                "select id, email from users where id = @UserId and disabled_at is null", new { found.UserId });
            if (owner is null)
            {
                return Verdict.Nothing<GrantResult?>(new GrantResult(OAuthError.Refused));
            }

            var redeemed = await change.ExecuteAsync(
                "update device_authorizations set state = @Used, approved_by = null where id = @Id and state = @Approved",
                new { DeviceAuthorization.Used, found.Id, DeviceAuthorization.Approved });
            if (redeemed == 0)
            {
                return Verdict.Nothing<GrantResult?>(null);
            }

            var (access, refresh) = (AccessToken.Create(TokenKind.Session), AccessToken.Create(TokenKind.Refresh));
            var actor = new Actor(owner.Id, owner.Email, origin);
            var added = await Sessions.AddAsync(change, found.Id, actor, access, (refresh, places.Of(origin)));
            return added.As<GrantResult?>(session => new GrantResult(null, new IssuedTokens(access, refresh, session!.ExpiresAt)));
        });
}

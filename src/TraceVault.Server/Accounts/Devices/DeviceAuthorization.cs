namespace TraceVault.Accounts.Devices;

/// <summary>A device that asks to be signed in, as its row says; the times are Unix milliseconds.</summary>
public sealed record DeviceAuthorization(
    string Id, string UserCode, string State, string? UserId, string? Client, string? Address, long CreatedAt, long ExpiresAt, long IntervalSeconds, long PolledAt)
{
    /// <summary>What <see cref="State"/> can be; from used and refused there is no way back.</summary>
    public const string Pending = "pending", Approved = "approved", Refused = "refused", Used = "used";
}

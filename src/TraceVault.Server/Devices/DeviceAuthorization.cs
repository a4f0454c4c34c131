namespace TraceVault.Devices;

/// <summary>A device that asks to be signed in, as the database holds it.</summary>
public sealed record DeviceAuthorization(
    string Id,
    string UserCode,
    string State,
    string? UserId,
    string? Client,
    string? Address,
    DateTimeOffset CreatedAt,
    DateTimeOffset ExpiresAt,
    long IntervalSeconds,
    DateTimeOffset PolledAt)
{
    /// <summary>The values of <see cref="State"/>; used and refused are final.</summary>
    public const string Pending = "pending", Approved = "approved", Refused = "refused", Used = "used";
}

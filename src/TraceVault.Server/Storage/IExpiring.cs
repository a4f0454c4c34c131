namespace TraceVault.Storage;

/// <summary>Holds rows that become meaningless after a while. The <see cref="Sweeper"/> has them deleted.</summary>
internal interface IExpiring
{
    /// <summary>Deletes the rows that expired so long ago that nobody asks about them any more.</summary>
    Task ForgetExpiredAsync(CancellationToken cancel);
}

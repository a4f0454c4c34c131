namespace TraceVault.Storage;

/// <summary>Holds rows that mean nothing after a while. <see cref="Sweeper"/> has them deleted.</summary>
internal interface IExpiring
{
    /// <summary>Deletes what expired so long ago that nobody asks why any more.</summary>
    Task ForgetExpiredAsync(CancellationToken cancel);
}

using TraceVault.Tests.Gateway;

namespace TraceVault.Tests.Devices;

/// <summary>A device, and a server whose owner opens the pages.</summary>
internal sealed class DeviceRig : IAsyncDisposable
{
    private readonly ProxyRig _rig;
    private readonly DeviceClient _device;
    private readonly PageVisitor _owner;

    private DeviceRig(ProxyRig rig) =>
        (_rig, _device, _owner) = (rig, new DeviceClient(rig.Server), new PageVisitor(rig.Server).SignedIn(rig.Token));

    public static async Task<DeviceRig> StartAsync(string engine) => new(await ProxyRig.StartAsync(engine: engine));

    public void Deconstruct(out ProxyRig rig, out DeviceClient device, out PageVisitor owner) =>
        (rig, device, owner) = (_rig, _device, _owner);

    /// <returns>What the device was told at its start; it is approved by now.</returns>
    public async Task<OAuthReply> BeginApprovedAsync()
    {
        var begun = await _device.BeginAsync();
        await _owner.DecideAsync(begun["user_code"], "approve");
        return begun;
    }

    public async ValueTask DisposeAsync()
    {
        _owner.Dispose();
        await _rig.DisposeAsync();
    }
}

using System.Xml.Linq;
using Dapper;
using Microsoft.AspNetCore.DataProtection.Repositories;
using TraceVault.Storage;

namespace TraceVault.Vault;

/// <summary>Keeps the framework's data-protection keys (they protect the forms of pages) in our database, for all servers on it. <see cref="DataProtectionSeal"/> seals them.</summary>
/// <remarks>The framework's interface is synchronous. It asks after the start and about once a day, so a pool thread may wait.</remarks>
internal sealed class DataProtectionStore(Database database, TimeProvider clock) : IXmlRepository
{
    public IReadOnlyCollection<XElement> GetAllElements() => Task.Run(ReadAsync).GetAwaiter().GetResult();

    public void StoreElement(XElement element, string friendlyName) => Task.Run(() => WriteAsync(element, friendlyName)).GetAwaiter().GetResult();

    private async Task<IReadOnlyCollection<XElement>> ReadAsync()
    {
        await using var connection = await database.ConnectAsync(CancellationToken.None);
        return [.. (await connection.QueryAsync<string>("select xml from data_protection_keys order by name")).Select(XElement.Parse)];
    }

    private async Task WriteAsync(XElement element, string name)
    {
        await using var connection = await database.ConnectAsync(CancellationToken.None);
        await connection.ExecuteAsync(
            "insert into data_protection_keys (name, xml, created_at) values (@name, @xml, @now) on conflict (name) do update set xml = @xml",
            new { name, xml = element.ToString(SaveOptions.DisableFormatting), now = clock.GetUtcNow().ToUnixTimeMilliseconds() });
    }
}

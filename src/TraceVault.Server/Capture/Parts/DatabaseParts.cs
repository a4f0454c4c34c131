using System.Data.Common;
using Dapper;
using TraceVault.Storage;

namespace TraceVault.Capture.Parts;

/// <summary>
/// Parts as rows, for servers that share a database and no folder. What is appended in one call is stored whole or not at all.
/// </summary>
internal sealed class DatabaseParts(Database database) : IPartStore
{
    /// <summary>A row holds at most so many bytes.</summary>
    private const int Chunk = 256 << 10;

    public async Task AppendAsync(Guid part, long offset, ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        await using var connection = await database.OpenWriterAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        await CutAsync(connection, transaction, part, offset);
        for (var from = 0; from < bytes.Length; from += Chunk)
        {
            var chunk = bytes[from..Math.Min(bytes.Length, from + Chunk)].ToArray();
            await connection.ExecuteAsync(
                "insert into part_chunks (part_id, at, bytes) values (@part, @at, @chunk)",
                new { part = part.ToString(), at = offset + from, chunk },
                transaction);
        }

        await transaction.CommitAsync(CancellationToken.None);
    }

    public async Task<int> ReadAsync(Guid part, long offset, Memory<byte> into, CancellationToken cancel)
    {
        await using var connection = await database.OpenReaderAsync(cancel);
        var id = part.ToString();
        var chunks = await connection.QueryAsync<(long At, byte[] Bytes)>(new CommandDefinition(
            """
            select case when at < @offset then @offset else at end, substr(
                bytes,
                cast(case when at < @offset then @offset - at + 1 else 1 end as integer),
                cast(case when at < @offset then @until - @offset else @until - at end as integer))
            from part_chunks where part_id = @id and at > @offset - @Chunk and at < @until order by at
            """,
            new { id, offset, until = offset + into.Length, Chunk },
            cancellationToken: cancel));
        var read = 0;
        foreach (var (at, bytes) in chunks)
        {
            if (at == offset + read)
            {
                bytes.CopyTo(into[read..]);
                read += bytes.Length;
            }
        }

        return read > 0 || await ExistsAsync(connection, id, cancel) ? read : throw new PartGoneException(part);
    }

    public async Task DeleteAsync(Guid part, CancellationToken cancel)
    {
        await using var connection = await database.OpenWriterAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition(
            "delete from part_chunks where part_id = @id", new { id = part.ToString() }, cancellationToken: cancel));
    }

    public async Task<bool> ExistsAsync(Guid part, CancellationToken cancel)
    {
        await using var connection = await database.OpenReaderAsync(cancel);
        return await ExistsAsync(connection, part.ToString(), cancel);
    }

    private static async Task<bool> ExistsAsync(DbConnection connection, string id, CancellationToken cancel) =>
        await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "select count(*) from (select 1 from part_chunks where part_id = @id limit 1) one", new { id }, cancellationToken: cancel)) > 0;

    /// <summary>Takes away what the part holds from there on.</summary>
    private static async Task CutAsync(DbConnection connection, DbTransaction transaction, Guid part, long offset)
    {
        var place = new { id = part.ToString(), offset };
        await connection.ExecuteAsync("delete from part_chunks where part_id = @id and at >= @offset", place, transaction);
        var length = await connection.ExecuteScalarAsync<long?>(
            "select at + length(bytes) from part_chunks where part_id = @id order by at desc limit 1", place, transaction) ?? 0;
        if (length < offset)
        {
            throw new PartGoneException(part);
        }

        if (length > offset)
        {
            await connection.ExecuteAsync(
                """
                update part_chunks set bytes = substr(bytes, 1, cast(@offset - at as integer))
                where part_id = @id and at + length(bytes) > @offset
                """,
                place,
                transaction);
        }
    }
}

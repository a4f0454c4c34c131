using System.Security.Cryptography;
using System.Text;
using TraceVault.Hosting;
using TraceVault.Settings;
using TraceVault.Storage;

namespace TraceVault.Vault;

/// <summary>Finds the master key: in the settings, or for the embedded database in a file that is made at the first start.</summary>
internal sealed class MasterKey(VaultOptions options, Database database, DataDirectory data, ILogger<MasterKey> log)
{
    private const string Setting = "TRACEVAULT_ENCRYPTION_KEY", FileSetting = "TRACEVAULT_ENCRYPTION_KEY_FILE";

    /// <exception cref="StartupException">There is none, or it is not fit for use.</exception>
    public KeyRing Load()
    {
        if (options is { EncryptionKey: not null, EncryptionKeyFile: not null })
        {
            throw new StartupException($"{Setting} and {FileSetting} are both set: keep one.");
        }

        if (options.EncryptionKey is { } key)
        {
            return KeyRing.Parse(key, Setting);
        }

        if (options.EncryptionKeyFile is { } file)
        {
            return KeyRing.Parse(Read(file), FileSetting);
        }

        return database.Engine is Engine.Sqlite ? KeyRing.Parse(ReadOrMake().TrimEnd(), FilePath) : throw new StartupException(
            $"{Setting} is not set: on PostgreSQL the server needs a master key of its operator's. Make one with: openssl rand -base64 32");
    }

    private string FilePath => Path.Combine(data.Path, "master.key");

    private string ReadOrMake()
    {
        if (File.Exists(FilePath))
        {
            DataDirectory.Close(FilePath);
            return Read(FilePath);
        }

        if (File.Exists(database.SqliteFile))
        {
            throw new StartupException($"The database {database.SqliteFile} is there but its master key {FilePath} is not: restore it from your backup, "
                + $"or set {Setting}. To go on without it (the stored keys are lost, users store theirs again): openssl rand -base64 32 > {FilePath}");
        }

        DataDirectory.Ensure(data.Path);
        var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(RingKey.Size));
        try
        {
            using var stream = DataDirectory.OpenPrivate(FilePath, FileMode.CreateNew);
            stream.Write(Encoding.ASCII.GetBytes(key + "\n"));
            stream.Flush(flushToDisk: true);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"The master key file {FilePath} cannot be made: {problem.Message} Set TRACEVAULT_DATA_DIR to a folder this user may write.");
        }

        log.LogWarning("A new master key was made: {File}. BACK IT UP NOW, apart from the database: without it no stored key can be opened again.", FilePath);
        return key;
    }

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"The master key file {path} cannot be read: {problem.Message}");
        }
    }
}

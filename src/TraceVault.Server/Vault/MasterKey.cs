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
            return KeyRing.Parse(Read(file, FileSetting), $"{file} in {FileSetting}");
        }

        return database.Engine is Engine.Sqlite ? OfFile() : throw new StartupException(
            $"{Setting} is not set: on PostgreSQL the server needs a master key of its operator's. Make one with: openssl rand -base64 32");
    }

    private string FilePath => Path.Combine(data.Path, "master.key");

    private KeyRing OfFile()
    {
        var text = Existing() ?? Make();
        try
        {
            return KeyRing.Parse(text, FilePath);
        }
        catch (StartupException) when (database.HoldsData) // not the moment for the advice to make a new one
        {
            throw new StartupException($"{FilePath} holds no whole master key, and the database {database.SqliteFile} was written under one: restore the file from your backup, or set {Setting}.");
        }
    }

    /// <returns>Null when there is none, or an empty file: then nothing was ever sealed under it, as long as the database is empty too.</returns>
    private string? Existing()
    {
        var exists = File.Exists(FilePath);
        if (exists)
        {
            DataDirectory.Close(FilePath);
            if (Read(FilePath, DataDirectory.Setting) is { Length: > 0 } key)
            {
                return key;
            }
        }

        return !database.HoldsData ? null : throw new StartupException(
            $"The database {database.SqliteFile} is there but its master key {FilePath} is {(exists ? "empty" : "not")}: restore it from your backup, "
            + $"or set {Setting}. To go on without it (the stored keys are lost, users store theirs again): openssl rand -base64 32 > {FilePath}");
    }

    /// <summary>Under another name until all of it is on the disk: whatever happens meanwhile, the next start finds a whole key or none.</summary>
    private string Make()
    {
        DataDirectory.Ensure(data.Path, DataDirectory.Setting);
        database.TakeFile(); // no other server makes one at the same time
        if (Existing() is { } other)
        {
            return other;
        }

        var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(RingKey.Size));
        try
        {
            var draft = FilePath + ".new";
            using (var stream = DataDirectory.OpenPrivate(draft, FileMode.Create))
            {
                stream.Write(Encoding.ASCII.GetBytes(key + "\n"));
                stream.Flush(flushToDisk: true);
            }

            File.Move(draft, FilePath, overwrite: true);
            DataDirectory.Flush(data.Path);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"The master key file {FilePath} cannot be made: {problem.Message} "
                + $"Make room and start again, or set {DataDirectory.Setting} to a folder this user may write.");
        }

        log.LogWarning("A new master key was made: {File}. BACK IT UP NOW, apart from the database: without it no stored key can be opened again.", FilePath);
        return key;
    }

    private static string Read(string path, string setting)
    {
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"The master key file {path} cannot be read: {problem.Message} {setting} says where it is.");
        }
    }
}

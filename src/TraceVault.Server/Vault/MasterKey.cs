using System.Security.Cryptography;
using System.Text;
using TraceVault.Hosting;
using TraceVault.Settings;
using TraceVault.Storage;

namespace TraceVault.Vault;

/// <summary>Finds the master key: in the settings or, for the embedded database, in a file that is created at the first start.</summary>
internal sealed class MasterKey(VaultOptions options, Database database, DataDirectory data, ILogger<MasterKey> log)
{
    private const string Setting = "TRACEVAULT_ENCRYPTION_KEY", FileSetting = "TRACEVAULT_ENCRYPTION_KEY_FILE";

    /// <exception cref="StartupException">There is no master key, or it is unfit for use.</exception>
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
            $"{Setting} is not set: on PostgreSQL the operator has to provide a master key. Make one with: openssl rand -base64 32");
    }

    private string FilePath => Path.Combine(data.Path, "master.key");

    private KeyRing OfFile()
    {
        var text = Existing() ?? Make();
        try
        {
            return KeyRing.Parse(text, FilePath);
        }
        catch (StartupException) when (database.HoldsData) // whose message advises to make a new key, which would be wrong here
        {
            throw new StartupException(
                $"{FilePath} holds no complete master key, and the database {database.SqliteFile} was written under one: "
                + $"restore the file from your backup, or set {Setting}.");
        }
    }

    /// <returns>Null when there is no file, or an empty one, and the database is empty too: nothing was ever sealed then.</returns>
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
            $"The database {database.SqliteFile} exists, but its master key {FilePath} {(exists ? "is empty" : "does not")}: "
            + $"restore it from your backup, or set {Setting}. "
            + $"To go on without it (the stored keys are lost, users store theirs again): openssl rand -base64 32 > {FilePath}");
    }

    /// <summary>
    /// Creates the key. Its file has another name until all of it is on the disk: whatever happens in the meantime, the next start finds a
    /// whole key or none.
    /// </summary>
    private string Make()
    {
        DataDirectory.Ensure(data.Path, DataDirectory.Setting);
        database.TakeFile(); // so that no other server creates one at the same time
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
            throw new StartupException(
                $"The master key file {FilePath} cannot be created: {problem.Message} "
                + $"Make room and start again, or set {DataDirectory.Setting} to a folder this user may write to.");
        }

        log.LogWarning(
            "A new master key was created: {File}. "
            + "BACK IT UP NOW, apart from the database: without it no stored key can be opened again.",
            FilePath);
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

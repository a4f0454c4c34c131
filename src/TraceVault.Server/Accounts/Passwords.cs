using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace TraceVault.Accounts;

/// <summary>Hashes and checks passwords: PBKDF2 with HMAC-SHA-512, 128-bit salt, in the format of ASP.NET Core Identity (version 3).</summary>
internal sealed class Passwords : IDisposable
{
    /// <summary>OWASP Password Storage Cheat Sheet, PBKDF2-HMAC-SHA512 (https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#pbkdf2).</summary>
    public const int Iterations = 210_000;

    private static readonly User Nobody = new("", "", null, "");

    private readonly PasswordHasher<User> _hasher;

    /// <summary>What a password for no account is checked against.</summary>
    private readonly string _decoy;

    /// <summary>A hash costs a core about a tenth of a second: more at once than cores would only starve the streams of others.</summary>
    private readonly SemaphoreSlim _turn = new(Math.Max(1, Environment.ProcessorCount - 1));

    public Passwords(IOptions<PasswordHasherOptions> options)
    {
        _hasher = new PasswordHasher<User>(options);
        _decoy = _hasher.HashPassword(Nobody, "no account has this password");
    }

    public Task<string> HashAsync(string password, CancellationToken cancel) => InTurnAsync(() => _hasher.HashPassword(Nobody, password), cancel);

    /// <summary>Checks a password; takes the same time when there is no account (<paramref name="hash"/> is null).</summary>
    public async Task<PasswordVerificationResult> CheckAsync(string? hash, string password, CancellationToken cancel)
    {
        var result = await InTurnAsync(() => _hasher.VerifyHashedPassword(Nobody, hash ?? _decoy, password), cancel);
        return hash is null ? PasswordVerificationResult.Failed : result;
    }

    public void Dispose() => _turn.Dispose();

    private async Task<T> InTurnAsync<T>(Func<T> work, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel);
        try
        {
            return await Task.Run(work, cancel);
        }
        finally
        {
            _turn.Release();
        }
    }
}

using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using TraceVault.Identity;

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

    public Task<string> HashAsync(string password, CancellationToken cancel) =>
        InTurnAsync(() => _hasher.HashPassword(Nobody, CanonicalForms.Composed(password)), cancel);

    /// <summary>Checks a password; takes the same time when there is no account (<paramref name="hash"/> is null).</summary>
    /// <remarks>
    /// One keyboard types é as one character, another as two (NIST SP 800-63B §5.1.1.2 asks for one form): what is hashed is the composed form. Hashes from
    /// before this rule are of the password as it was typed then, so the other forms are tried after it, and a match asks for a new hash.
    /// </remarks>
    public async Task<PasswordVerificationResult> CheckAsync(string? hash, string password, CancellationToken cancel)
    {
        var composed = CanonicalForms.Composed(password);
        var result = await VerifyAsync(hash, composed, cancel);
        foreach (var earlier in ((string[])[password, CanonicalForms.Decomposed(password)]).Distinct().Where(form => form != composed))
        {
            if (result is PasswordVerificationResult.Failed && await VerifyAsync(hash, earlier, cancel) is not PasswordVerificationResult.Failed)
            {
                result = PasswordVerificationResult.SuccessRehashNeeded;
            }
        }

        return hash is null ? PasswordVerificationResult.Failed : result;
    }

    public void Dispose() => _turn.Dispose();

    private Task<PasswordVerificationResult> VerifyAsync(string? hash, string password, CancellationToken cancel) =>
        InTurnAsync(() => _hasher.VerifyHashedPassword(Nobody, hash ?? _decoy, password), cancel);

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

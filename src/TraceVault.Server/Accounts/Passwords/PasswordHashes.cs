using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using TraceVault.Identity;

namespace TraceVault.Accounts.Passwords;

/// <summary>
/// Hashes and checks passwords with PBKDF2, HMAC-SHA-512 and a 128-bit salt, in the format of ASP.NET Core Identity (version 3).
/// </summary>
internal sealed class PasswordHashes : IDisposable
{
    /// <summary>
    /// The number for PBKDF2-HMAC-SHA512 in the OWASP Password Storage Cheat Sheet
    /// (https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#pbkdf2).
    /// </summary>
    public const int Iterations = 210_000;

    private static readonly User Nobody = new("", "", null, "");

    private readonly PasswordHasher<User> _hasher;

    /// <summary>The hash against which a password is checked when there is no account.</summary>
    private readonly string _decoy;

    /// <summary>
    /// A hash takes a core about a tenth of a second: with a hash on every core at once, the streams of others would only starve.
    /// </summary>
    private readonly SemaphoreSlim _turn = new(Math.Max(1, Environment.ProcessorCount - 1));

    public PasswordHashes(IOptions<PasswordHasherOptions> options)
    {
        _hasher = new PasswordHasher<User>(options);
        _decoy = _hasher.HashPassword(Nobody, "no account has this password");
    }

    public Task<string> HashAsync(string password, CancellationToken cancel) =>
        InTurnAsync(() => _hasher.HashPassword(Nobody, CanonicalForms.Composed(password)), cancel);

    /// <summary>
    /// Checks a password. It takes the same time when there is no account (<paramref name="hash"/> is null).
    /// </summary>
    /// <remarks>
    /// One keyboard types é as one character, another as two, and NIST SP 800-63B §5.1.1.2 asks for one form: the composed form is hashed.
    /// Older hashes are of the password as it was typed at the time, so the other forms are tried next, and a match asks for a new hash.
    /// </remarks>
    public async Task<PasswordVerificationResult> CheckAsync(string? hash, string password, CancellationToken cancel)
    {
        var composed = CanonicalForms.Composed(password);
        var result = await VerifyAsync(hash, composed, cancel);
        foreach (var earlier in ((string[])[password, CanonicalForms.Decomposed(password)]).Distinct().Where(form => form != composed))
        {
            if (result is PasswordVerificationResult.Failed
                && await VerifyAsync(hash, earlier, cancel) is not PasswordVerificationResult.Failed)
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

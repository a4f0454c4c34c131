using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace TraceVault.Cli.Doctor;

/// <summary>The certificate that the server showed, and what is wrong with it.</summary>
/// <param name="IsLogged">
/// Whether it carries proof that it was logged in public (RFC 6962, section 3.3), as every certificate of a public authority does.
/// </param>
internal sealed record ServerCertificate(
    DateTimeOffset Begins, DateTimeOffset Ends, SslPolicyErrors Errors, X509ChainStatusFlags Chain, bool IsLogged = true)
{
    private const string Trust =
        "Add the authority's certificate to those that the system trusts (on Linux also: set SSL_CERT_FILE to its PEM file). "
        + "Claude Code and other Node.js tools read it from NODE_EXTRA_CA_CERTS.";

    private const string SignedTimestamps = "1.3.6.1.4.1.11129.2.4.2";

    public static ServerCertificate? Read(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        using var shown = certificate is null ? null : new X509Certificate2(certificate);
        return shown is null ? null : new(
            new(shown.NotBefore.ToUniversalTime()),
            new(shown.NotAfter.ToUniversalTime()),
            errors,
            chain?.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status) ?? default,
            shown.Extensions.Any(extension => extension.Oid?.Value == SignedTimestamps));
    }

    /// <returns>Null when nothing is wrong.</returns>
    public Finding? Trouble(string host)
    {
        if (Errors is SslPolicyErrors.None)
        {
            return null;
        }

        if (Chain.HasFlag(X509ChainStatusFlags.NotTimeValid))
        {
            return Finding.Fail(
                $"The certificate is good from {Text.Time(Begins)} to {Text.Time(Ends)} only.",
                "Renew it on the server, and check the clock of this machine.");
        }

        return Errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors)
            ? Finding.Fail("The certificate comes from an authority that this machine does not trust.", Trust)
            : Finding.Fail(
                $"The certificate is not valid for {host}.",
                "Use a name that the certificate holds, or give the server a certificate for this name.");
    }
}

using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Connections;

namespace TraceVault.Hosting;

/// <summary>Explains to the operator why Kestrel did not start to listen.</summary>
internal static class ListeningProblem
{
    private const string Elsewhere = "or set another address: TRACEVAULT_URLS or --Urls=http://127.0.0.1:3001.";

    /// <returns>Null when the failure is not about an address or a certificate.</returns>
    public static string? Explain(Exception problem) => problem switch
    {
        IOException { InnerException: AddressInUseException } => $"{problem.Message} Stop the program that uses it, {Elsewhere}",
        SocketException { SocketErrorCode: SocketError.AccessDenied } =>
            "This user may not listen on a port that low. Set TRACEVAULT_URLS to one above 1023.",
        SocketException => $"The server cannot listen: {problem.Message}. Set TRACEVAULT_URLS to an address of this machine.",
        // The key of another certificate, or no key at all.
        ArgumentException or InvalidOperationException { InnerException: ArgumentException } =>
            "The key in TRACEVAULT_KESTREL__CERTIFICATES__DEFAULT__KEYPATH does not belong to the certificate in "
            + "TRACEVAULT_KESTREL__CERTIFICATES__DEFAULT__PATH, is not a key, or is encrypted and …__PASSWORD is not set. "
            + "Use the two files that were made together. (A separate endpoint has them under …__ENDPOINTS__NAME__CERTIFICATE.)",
        NotSupportedException when problem.Message.Contains("private key", StringComparison.Ordinal) =>
            "The certificate has no key: set TRACEVAULT_KESTREL__CERTIFICATES__DEFAULT__KEYPATH to its file, which may be the same file. "
            + "(A separate endpoint has both under …__ENDPOINTS__NAME__CERTIFICATE.)",
        InvalidOperationException when problem.Message.Contains("HTTPS", StringComparison.Ordinal) =>
            "An https address needs a certificate: set TRACEVAULT_KESTREL__CERTIFICATES__DEFAULT__PATH (and __KEYPATH or __PASSWORD), "
            + "or listen on http behind a proxy that speaks TLS.",
        FileNotFoundException or DirectoryNotFoundException or CryptographicException or UnauthorizedAccessException =>
            $"The certificate in TRACEVAULT_KESTREL__CERTIFICATES__DEFAULT__PATH or its key cannot be read: {problem.Message}",
        _ => null,
    };
}

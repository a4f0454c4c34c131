using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace TraceVault.Gateway;

/// <summary>
/// Why no answer came from the upstream. This is a closed list, from which the request's line in the log, the metric and what the operator
/// is told follow.
/// </summary>
internal sealed class UpstreamFailure
{
    public static readonly UpstreamFailure
        UnknownHost = new("name_resolution", "no machine of that name was found. Check {setting} and the DNS of this machine."),
        Refused = new("refused", "nothing listens there, or a firewall refuses the connection. Check {setting} and the firewall."),
        Unreachable = new("unreachable", "there is no route to it from this machine. Check the network and firewall of this machine."),
        Timeout = new("timeout", "no connection was made in time. Check the network and firewall of this machine."),
        Proxy = new("proxy", "the proxy refused to connect to it. Check HTTPS_PROXY and NO_PROXY, and what the proxy allows."),
        UntrustedCertificate = new("certificate_untrusted",
            "its certificate comes from an authority that this machine does not trust. If a proxy or firewall inspects TLS, add its "
                + "authority to the authorities that the system trusts, or name the authority's PEM file in SSL_CERT_FILE."),
        CertificateName = new("certificate_name",
            "its certificate is for another name. Check {setting}, and that the DNS of this machine gives the right address for it."),
        CertificateTime = new("certificate_expired",
            "its certificate has expired or is not valid yet. Check the clock of this machine. If the clock is right, whoever runs the "
                + "upstream has to renew the certificate."),
        Tls = new("tls",
            "the TLS handshake failed. Check that {setting} names a port that speaks TLS, and HTTP/2 if "
                + "TRACEVAULT_PROXY__UPSTREAMHTTPVERSION is 2."),
        ConnectionReset = new("reset",
            "the connection was broken off before it was established. Check the firewall, and any other device between this machine and "
                + "the upstream.");

    /// <summary>Failures on a connection that was established: they concern one request, not the state of the upstream.</summary>
    public static readonly UpstreamFailure
        AnswerReset = new("reset", null),
        BadAnswer = new("protocol", null);

    private readonly string? _sentence;

    private UpstreamFailure(string reason, string? sentence) => (Reason, _sentence) = (reason, sentence);

    /// <summary>A word for logs and metrics.</summary>
    public string Reason { get; }

    /// <summary>Whether the upstream was reached, and may have carried the request out.</summary>
    public bool IsOfOneRequest => _sentence is null;

    /// <summary>
    /// What is wrong and what to do, for whoever runs the server; null when the failure says nothing about the next request.
    /// </summary>
    /// <param name="setting">The name of the setting that holds the upstream's address.</param>
    public string? Sentence(string setting) => _sentence?.Replace("{setting}", setting, StringComparison.Ordinal);

    /// <param name="problem">The exception that ended a request before its answer. A cancellation means that the time limit for connecting
    /// was reached.</param>
    public static UpstreamFailure Of(Exception problem) => problem switch
    {
        OperationCanceledException => Timeout,
        HttpRequestException { InnerException: CertificateRefusedException refused } => refused.Failure,
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => UnknownHost,
        HttpRequestException { HttpRequestError: HttpRequestError.ProxyTunnelError } => Proxy,
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } => OfSocket(problem.InnerException as SocketException),
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } =>
            IsBrokenOff(problem.InnerException) ? ConnectionReset : Tls,
        HttpRequestException { HttpRequestError: HttpRequestError.VersionNegotiationError } => Tls,
        HttpRequestException { HttpRequestError: HttpRequestError.ResponseEnded } => AnswerReset,
        HttpRequestException { HttpRequestError: HttpRequestError.Unknown, InnerException: IOException } => AnswerReset,
        HttpIOException { HttpRequestError: not HttpRequestError.ResponseEnded } => BadAnswer,
        IOException => AnswerReset,
        _ => BadAnswer,
    };

    /// <summary>
    /// Accepts the same certificates as .NET does without this
    /// <see cref="SslClientAuthenticationOptions.RemoteCertificateValidationCallback"/>, but remembers what is wrong with the others.
    /// </summary>
    /// <exception cref="CertificateRefusedException">Something is wrong with the certificate.</exception>
    public static bool Verify(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors is SslPolicyErrors.None)
        {
            return true;
        }

        var isOutOfTime = chain?.ChainStatus.Any(each => each.Status.HasFlag(X509ChainStatusFlags.NotTimeValid)) is true;
        throw new CertificateRefusedException(isOutOfTime ? CertificateTime
            : errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors) ? UntrustedCertificate
            : errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) ? CertificateName
            : Tls);
    }

    private static UpstreamFailure OfSocket(SocketException? problem) => problem?.SocketErrorCode switch
    {
        SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData or SocketError.NoRecovery => UnknownHost,
        SocketError.ConnectionRefused => Refused,
        SocketError.TimedOut => Timeout,
        SocketError.ConnectionReset or SocketError.ConnectionAborted => ConnectionReset,
        _ => Unreachable,
    };

    private static bool IsBrokenOff(Exception? problem) => problem is IOException or SocketException;
}

/// <summary>The upstream's certificate was not accepted.</summary>
internal sealed class CertificateRefusedException(UpstreamFailure failure) : AuthenticationException(
    $"The certificate was refused: {failure.Reason}.")
{
    public UpstreamFailure Failure { get; } = failure;
}

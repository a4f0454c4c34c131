using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using TraceVault.Cli.Doctor;

namespace TraceVault.Tests.Cli;

public class ServerCertificateTests
{
    private static readonly DateTimeOffset End = DateTimeOffset.Parse("2026-11-20T10:00:00Z");

    [Theory]
    [InlineData(SslPolicyErrors.RemoteCertificateNameMismatch, X509ChainStatusFlags.NoError, "not made out for vault.example.com")]
    [InlineData(SslPolicyErrors.RemoteCertificateChainErrors, X509ChainStatusFlags.PartialChain, "an authority that this machine does not trust")]
    [InlineData(SslPolicyErrors.RemoteCertificateChainErrors, X509ChainStatusFlags.NotTimeValid | X509ChainStatusFlags.UntrustedRoot, "to 2026-11-20 10:00 UTC only")]
    public void Says_what_is_wrong_with_it(SslPolicyErrors errors, X509ChainStatusFlags chain, string expected) =>
        Assert.Contains(expected, new ServerCertificate(End.AddYears(-1), End, errors, chain).Trouble("vault.example.com")?.Detail);

    [Fact]
    public void Says_nothing_of_one_that_is_trusted() =>
        Assert.Null(new ServerCertificate(End.AddYears(-1), End, SslPolicyErrors.None, X509ChainStatusFlags.NoError).Trouble("vault.example.com"));
}

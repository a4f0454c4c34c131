using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using TraceVault.Cli.Doctor;

namespace TraceVault.Tests.Cli;

public class ServerCertificateTests
{
    private static readonly DateTimeOffset End = DateTimeOffset.Parse("2026-11-20T10:00:00Z");

    [Theory]
    [InlineData(SslPolicyErrors.RemoteCertificateNameMismatch, X509ChainStatusFlags.NoError, "not valid for vault.example.com")]
    [InlineData(
        SslPolicyErrors.RemoteCertificateChainErrors, X509ChainStatusFlags.PartialChain, "an authority that this machine does not trust")]
    [InlineData(
        SslPolicyErrors.RemoteCertificateChainErrors,
        X509ChainStatusFlags.NotTimeValid | X509ChainStatusFlags.UntrustedRoot,
        "to 2026-11-20 10:00 UTC only")]
    public void Says_what_is_wrong_with_it(SslPolicyErrors errors, X509ChainStatusFlags chain, string expected) =>
        Assert.Contains(expected, new ServerCertificate(End.AddYears(-1), End, errors, chain).Trouble("vault.example.com")?.Detail);

    /// <summary>A certificate of a public authority holds such a proof; one of an authority of one's own does not.</summary>
    [Theory, InlineData(false), InlineData(true)]
    public async Task An_authority_of_ones_own_is_told_by_what_its_certificates_lack(bool nodeKnows)
    {
        using var certificate = TestCertificate.Create();
        await using var server = await OddServer.StartAsync(context => SoundServer.AnswerAsync(context), certificate);
        using var machine = new CliProcess();
        var authority = Path.Combine(machine.ConfigFolder, "authority.pem");
        await File.WriteAllTextAsync(authority, certificate.ExportCertificatePem(), Patience.Cancel);
        machine.Environment["SSL_CERT_FILE"] = authority;
        (machine.Environment["TRACEVAULT_SERVER_URL"], machine.Environment["TRACEVAULT_TOKEN"]) = (server.Url, CliMachine.Token);
        if (nodeKnows)
        {
            machine.Environment["NODE_EXTRA_CA_CERTS"] = authority;
        }

        var run = await machine.RunAsync("", TestContext.Current.CancellationToken, "proxy", "doctor");
        Assert.Equal(0, run.ExitCode);
        Assert.Matches(nodeKnows
            ? @"ok    certificate +Trusted here"
            : @"warn  certificate +Trusted here, .*Node\.js does not know.*NODE_EXTRA_CA_CERTS", run.Output);
    }

    [Fact]
    public void Says_nothing_of_one_that_is_trusted() =>
        Assert.Null(
            new ServerCertificate(End.AddYears(-1), End, SslPolicyErrors.None, X509ChainStatusFlags.NoError).Trouble("vault.example.com"));
}

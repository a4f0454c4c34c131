using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace TraceVault.Tests.Hosting;

/// <summary>If the server cannot listen, one line says why.</summary>
public sealed class ListeningTests
{
    [Theory, InlineData, InlineData("--demo")]
    public async Task Names_the_address_that_another_program_uses(params string[] switches)
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var url = $"http://{other.LocalEndpoint}";
        Assert.Equal(
            $"tracevault-server: Failed to bind to address {url}: address already in use. Stop the program that uses it, "
            + "or set another address: TRACEVAULT_URLS or --Urls=http://127.0.0.1:3001.",
            await FailAsync([.. switches, $"--Urls={url}"]));
    }

    [Fact]
    public async Task Https_without_a_certificate_names_the_setting() => Assert.StartsWith(
        "tracevault-server: An https address needs a certificate: set TRACEVAULT_KESTREL__CERTIFICATES__DEFAULT__PATH ",
        await FailAsync(["--Urls=https://127.0.0.1:0"]));

    /// <summary>Also one file that holds both: where the key is must be said.</summary>
    [Theory, InlineData(false), InlineData(true)]
    public async Task A_certificate_of_which_the_key_is_not_named_ends_the_start_with_one_sentence(bool isInTheSameFile)
    {
        var folder = Directory.CreateTempSubdirectory("tracevault-test-");
        var file = Path.Combine(folder.FullName, "both.pem");
        using var own = TestCertificate.Create();
        using var key = own.GetECDsaPrivateKey()!;
        await File.WriteAllTextAsync(
            file, own.ExportCertificatePem() + (isInTheSameFile ? "\n" + key.ExportPkcs8PrivateKeyPem() : ""), Patience.Cancel);

        var line = await FailAsync(["--Urls=https://127.0.0.1:0", $"--Kestrel:Certificates:Default:Path={file}"]);
        folder.Delete(recursive: true);

        Assert.Contains("The certificate has no key: set TRACEVAULT_KESTREL__CERTIFICATES__DEFAULT__KEYPATH", line);
    }

    /// <summary>What people mix up after a renewal, and what a copy may leave of a file.</summary>
    [Theory]
    [InlineData("another key", "does not belong to the certificate")]
    [InlineData("a key of another kind", "")]
    [InlineData("no key", "cannot be read")]
    [InlineData("an empty key", "")]
    [InlineData("an empty certificate", "")]
    [InlineData("the key in both", "")]
    public async Task A_certificate_that_cannot_serve_ends_the_start_with_one_sentence(string mistake, string says)
    {
        var folder = Directory.CreateTempSubdirectory("tracevault-test-");
        var (certificate, key) = (Path.Combine(folder.FullName, "cert.pem"), Path.Combine(folder.FullName, "key.pem"));
        using var own = TestCertificate.Create();
        using var other = TestCertificate.Create();
        using var rsa = RSA.Create(2048);
        await File.WriteAllTextAsync(certificate, mistake switch
        {
            "an empty certificate" => "",
            "the key in both" => own.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem(),
            _ => own.ExportCertificatePem(),
        }, Patience.Cancel);
        if (mistake != "no key")
        {
            await File.WriteAllTextAsync(key, mistake switch
            {
                "another key" => other.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem(),
                "a key of another kind" => rsa.ExportPkcs8PrivateKeyPem(),
                "an empty key" => "",
                _ => own.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem(),
            }, Patience.Cancel);
        }

        var line = await FailAsync([
            "--Urls=https://127.0.0.1:0",
            $"--Kestrel:Certificates:Default:Path={certificate}",
            $"--Kestrel:Certificates:Default:KeyPath={key}"]);
        folder.Delete(recursive: true);

        Assert.Contains("TRACEVAULT_KESTREL__CERTIFICATES__DEFAULT__", line);
        Assert.Contains(says, line);
    }

    /// <returns>The one line that is not of the log.</returns>
    private static async Task<string> FailAsync(string[] arguments)
    {
        var folder = Directory.CreateTempSubdirectory("tracevault-test-");
        try
        {
            await using var server = ServerProcess.Start(
                new Dictionary<string, string> { ["TRACEVAULT_DATA_DIR"] = folder.FullName }, arguments);
            Assert.Equal(1, await server.ExitAsync(TestContext.Current.CancellationToken));
            Assert.DoesNotContain("Exception", server.Output);
            return Assert.Single(server.Output.Split('\n'), line => line.StartsWith("tracevault-server:", StringComparison.Ordinal));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}

using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace TraceVault.Tests.Hosting;

/// <summary>What the server shows of its certificate's file, read by a client that trusts the old root alone.</summary>
public sealed class CertificateChainTests
{
    private static CancellationToken Cancel => Patience.Cancel;

    [Fact]
    public async Task An_intermediate_certificate_of_the_file_is_sent()
    {
        using var authorities = new Authorities();

        Assert.Equal(
            [authorities.Intermediate.Thumbprint],
            await SentAsync(authorities, "TRACEVAULT_KESTREL__CERTIFICATES__DEFAULT", "TRACEVAULT_URLS", authorities.Intermediate));
    }

    [Fact]
    public async Task A_cross_signed_root_is_sent_to_those_who_know_only_the_old_one()
    {
        using var authorities = new Authorities();

        var sent = await SentAsync(
            authorities, "TRACEVAULT_KESTREL__CERTIFICATES__DEFAULT", "TRACEVAULT_URLS", authorities.Intermediate, authorities.Cross);

        Assert.Equal([authorities.Intermediate.Thumbprint, authorities.Cross.Thumbprint], sent);
    }

    [Fact]
    public async Task An_endpoint_with_a_certificate_of_its_own_sends_its_file_too()
    {
        using var authorities = new Authorities();

        var sent = await SentAsync(
            authorities,
            "TRACEVAULT_KESTREL__ENDPOINTS__FRONT__CERTIFICATE",
            "TRACEVAULT_KESTREL__ENDPOINTS__FRONT__URL",
            authorities.Intermediate,
            authorities.Cross);

        Assert.Equal([authorities.Intermediate.Thumbprint, authorities.Cross.Thumbprint], sent);
    }

    /// <returns>The thumbprints of what came behind the server's own certificate, in that order.</returns>
    private static async Task<string[]> SentAsync(
        Authorities authorities, string certificateSetting, string urlSetting, params X509Certificate2[] chain)
    {
        await using var database = await TestDatabase.CreateAsync("sqlite");
        var (file, key, trusted) = (InFolder("server.pem"), InFolder("server.key"), InFolder("trusted.pem"));
        await File.WriteAllTextAsync(
            file, string.Join('\n', chain.Prepend(authorities.Server).Select(each => each.ExportCertificatePem())), Cancel);
        await File.WriteAllTextAsync(key, authorities.ServerKey.ExportPkcs8PrivateKeyPem(), Cancel);
        await File.WriteAllTextAsync(trusted, authorities.NewRoot.ExportCertificatePem(), Cancel);
        await using var server = ServerProcess.Start(new Dictionary<string, string>
        {
            ["TRACEVAULT_DATA_DIR"] = InFolder("data"),
            [certificateSetting + "__PATH"] = file,
            [certificateSetting + "__KEYPATH"] = key,
            [urlSetting] = "https://127.0.0.1:0",
            ["SSL_CERT_FILE"] = trusted, // the server's machine knows the new root
        });
        var url = await server.UrlAsync(Cancel);
        string[] sent = [];
        using var socket = new TcpClient();
        await socket.ConnectAsync(url.Host, url.Port, Cancel);
        await using var tls = new SslStream(socket.GetStream());
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                RemoteCertificateValidationCallback = (_, shown, built, _) =>
                {
                    sent = [.. built!.ChainPolicy.ExtraStore.Select(each => each.Thumbprint).Where(
                        each => each != shown!.GetCertHashString())];
                    return true;
                },
            },
            Cancel);
        return sent;

        string InFolder(string name) => Path.Combine(database.DataDirectory, name);
    }

    /// <summary>A new root that the old one vouches for, and the certificates below it.</summary>
    private sealed class Authorities : IDisposable
    {
        private static readonly DateTimeOffset Begin = DateTimeOffset.UnixEpoch, End = Begin.AddYears(100);

        private readonly ECDsa _oldKey = Key(), _newKey = Key(), _intermediateKey = Key();
        private readonly X509Certificate2 _oldRoot;

        public Authorities()
        {
            _oldRoot = Request("CN=Old root", _oldKey, isAuthority: true).CreateSelfSigned(Begin, End);
            NewRoot = Request("CN=New root", _newKey, isAuthority: true).CreateSelfSigned(Begin, End);
            Cross = Issue("CN=New root", _newKey, _oldRoot, _oldKey, isAuthority: true);
            Intermediate = Issue("CN=Intermediate", _intermediateKey, NewRoot, _newKey, isAuthority: true);
            Server = Issue("CN=localhost", ServerKey, Intermediate, _intermediateKey, isAuthority: false);
        }

        public ECDsa ServerKey { get; } = Key();

        public X509Certificate2 NewRoot { get; }

        public X509Certificate2 Cross { get; }

        public X509Certificate2 Intermediate { get; }

        public X509Certificate2 Server { get; }

        public void Dispose()
        {
            _oldKey.Dispose();
            _newKey.Dispose();
            _intermediateKey.Dispose();
            _oldRoot.Dispose();
            ServerKey.Dispose();
            NewRoot.Dispose();
            Cross.Dispose();
            Intermediate.Dispose();
            Server.Dispose();
        }

        private static ECDsa Key() => ECDsa.Create(ECCurve.NamedCurves.nistP256);

        private static CertificateRequest Request(string name, ECDsa key, bool isAuthority)
        {
            var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
            request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
            return request;
        }

        private static X509Certificate2 Issue(string name, ECDsa key, X509Certificate2 issuer, ECDsa issuerKey, bool isAuthority) =>
            Request(name, key, isAuthority)
                .Create(
                    issuer.SubjectName, X509SignatureGenerator.CreateForECDsa(issuerKey), Begin, End, RandomNumberGenerator.GetBytes(8));
    }
}

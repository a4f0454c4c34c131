using System.Collections.ObjectModel;
using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace TraceVault.Hosting;

/// <summary>
/// Sends every certificate of a PEM file, in the file's order, as other web servers do. Decision 17 says what would be sent otherwise.
/// </summary>
internal static class CertificateChain
{
    /// <param name="https">The options of one endpoint; the file is read later.</param>
    public static void SendWhole(HttpsConnectionAdapterOptions https)
    {
        SslStreamCertificateContext? whole = null;
        https.OnAuthenticate = (_, tls) =>
            tls.ServerCertificateContext = whole ??= Whole(tls.ServerCertificateContext!, https.ServerCertificateChain);
    }

    /// <returns>The context that the system made, unless it leaves out a certificate of the file.</returns>
    private static SslStreamCertificateContext Whole(SslStreamCertificateContext made, X509Certificate2Collection? file)
    {
        var leaf = made.TargetCertificate.RawDataMemory;
        if (file?.Any(each => each.RawDataMemory.Span.SequenceEqual(leaf.Span)) is not true)
        {
            return made;
        }

        X509Certificate2[] others = [.. file.Where(each => !each.RawDataMemory.Span.SequenceEqual(leaf.Span))];
        var areSent = others.All(other =>
            made.IntermediateCertificates.Any(sent => sent.RawDataMemory.Span.SequenceEqual(other.RawDataMemory.Span)));
        return areSent ? made : Make(made.TargetCertificate, others.AsReadOnly(), null);
    }

    /// <summary>
    /// The public way to make a context builds the chain from the roots that this machine trusts and leaves out what that chain does not
    /// need.
    /// </summary>
    [UnsafeAccessor(UnsafeAccessorKind.Constructor)]
    private static extern SslStreamCertificateContext Make(
        X509Certificate2 target, ReadOnlyCollection<X509Certificate2> intermediates, SslCertificateTrust? trust);
}

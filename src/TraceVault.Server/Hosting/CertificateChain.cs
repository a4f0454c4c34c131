using System.Collections.ObjectModel;
using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace TraceVault.Hosting;

/// <summary>Sends every certificate that a PEM file holds, in its order, as other web servers do. Decision 17 says what is sent otherwise.</summary>
internal static class CertificateChain
{
    /// <param name="https">Of one endpoint; the file is read later.</param>
    public static void SendWhole(HttpsConnectionAdapterOptions https)
    {
        SslStreamCertificateContext? whole = null;
        https.OnAuthenticate = (_, tls) => tls.ServerCertificateContext = whole ??= Whole(tls.ServerCertificateContext!, https.ServerCertificateChain);
    }

    /// <returns>What the system made of it, where that leaves out nothing of the file.</returns>
    private static SslStreamCertificateContext Whole(SslStreamCertificateContext made, X509Certificate2Collection? file)
    {
        var leaf = made.TargetCertificate.RawDataMemory;
        if (file?.Any(each => each.RawDataMemory.Span.SequenceEqual(leaf.Span)) is not true)
        {
            return made;
        }

        X509Certificate2[] others = [.. file.Where(each => !each.RawDataMemory.Span.SequenceEqual(leaf.Span))];
        return others.All(each => made.IntermediateCertificates.Any(sent => sent.RawDataMemory.Span.SequenceEqual(each.RawDataMemory.Span)))
            ? made
            : Make(made.TargetCertificate, others.AsReadOnly(), null);
    }

    /// <summary>The public way to one builds the chain by the roots that this machine trusts, and leaves out what it does not need for that.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Constructor)]
    private static extern SslStreamCertificateContext Make(X509Certificate2 target, ReadOnlyCollection<X509Certificate2> intermediates, SslCertificateTrust? trust);
}

namespace TraceVault.Hosting;

/// <summary>
/// Whether a browser says that a page of another site sent a request (https://www.w3.org/TR/fetch-metadata/; <c>Origin</c> where that is
/// missing). Programs send neither header.
/// </summary>
internal static class ForeignPages
{
    public static bool Sent(HttpRequest request, PublicUrl publicUrl) =>
        request.Headers["Sec-Fetch-Site"].ToString() is { Length: > 0 } site ? site is not ("same-origin" or "none")
        : request.Headers.Origin.ToString() is { Length: > 0 } origin
            && !origin.Equals(publicUrl.Origin, StringComparison.OrdinalIgnoreCase);
}

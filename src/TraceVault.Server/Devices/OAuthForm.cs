namespace TraceVault.Devices;

/// <summary>
/// The parameters of a request to an OAuth endpoint (RFC 6749 §3.2): form-encoded, each at most once; unknown ones are ignored.
/// </summary>
internal sealed class OAuthForm(IFormCollection form)
{
    /// <returns>Null when the body is not such a form.</returns>
    public static async Task<OAuthForm?> ReadAsync(HttpRequest request, CancellationToken cancel)
    {
        // An empty body is an empty form; multipart is not accepted, because it is for files.
        if (request.ContentLength is 0 || (request.ContentType is null && request.ContentLength is null))
        {
            return new OAuthForm(FormCollection.Empty);
        }

        if (request.ContentType?.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) is not true)
        {
            return null;
        }

        try
        {
            var form = await request.ReadFormAsync(cancel);
            return form.All(parameter => parameter.Value.Count == 1) ? new OAuthForm(form) : null;
        }
        catch (InvalidDataException)
        {
            return null; // too many or too long parameters
        }
    }

    /// <returns>Null when the parameter is absent or empty, which means the same (RFC 6749 §3.2).</returns>
    public string? this[string name] => form[name] is [{ Length: > 0 } value] ? value : null;
}

using System.Text.Json.Serialization;

namespace TraceVault.Devices;

/// <summary>The errors of the OAuth endpoints, with their names from RFC 6749 §5.2 and RFC 8628 §3.5.</summary>
/// <param name="Error">The name.</param>
/// <param name="ErrorDescription">What to do next, as a sentence.</param>
/// <param name="Status">The status code.</param>
internal sealed record OAuthError(
    string Error, string ErrorDescription, [property: JsonIgnore] int Status = StatusCodes.Status400BadRequest)
{
    public static readonly OAuthError NotAForm = Invalid("Send the parameters as application/x-www-form-urlencoded, each of them once.");

    public static readonly OAuthError UnsupportedGrant = new(
        "unsupported_grant_type", "Send grant_type=urn:ietf:params:oauth:grant-type:device_code or grant_type=refresh_token.");

    public static readonly OAuthError TooMany = new(
        "slow_down",
        "Too many sign-ins are waiting from your network. Finish one, or try again in a minute.",
        StatusCodes.Status429TooManyRequests);

    public static readonly OAuthError ForeignPage = new(
        "access_denied",
        "A web page of another site sent this. Only programs such as `tracevault login` sign in here.",
        StatusCodes.Status403Forbidden);

    public static readonly OAuthError Pending = new(
        "authorization_pending", "Nobody has approved this device yet. Ask again after the interval.");

    public static readonly OAuthError SlowDown = new("slow_down", "Ask less often: the interval is five seconds longer now.");

    public static readonly OAuthError Refused = new("access_denied", "This sign-in was refused. Start again if that was a mistake.");

    public static readonly OAuthError ExpiredDeviceCode = new("expired_token", "This sign-in was not approved in time. Start again.");

    public static readonly OAuthError UnknownDeviceCode = new("invalid_grant", "This device code is not known. Start again.");

    public static readonly OAuthError UsedDeviceCode = new(
        "invalid_grant", "This device code was used before, so its session was ended. Start again.");

    /// <summary>A 401 instead of the 400 of RFC 6749, because it makes Claude Code ask for a new sign-in.</summary>
    public static readonly OAuthError InvalidRefresh = new(
        "invalid_grant", "This refresh token is not known, or its session is over. Sign in again.", StatusCodes.Status401Unauthorized);

    public static OAuthError Missing(string parameter) => Invalid($"The parameter {parameter} is missing.");

    private static OAuthError Invalid(string description) => new("invalid_request", description);
}

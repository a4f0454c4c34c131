using Microsoft.AspNetCore.Http.HttpResults;
using TraceVault.Accounts;
using TraceVault.Capture.Policies;
using TraceVault.Hosting;
using TraceVault.Identity;
using TraceVault.Providers.Anthropic;

namespace TraceVault.Devices;

/// <summary>The part of the RFC 8414 metadata that a device needs.</summary>
internal sealed record ServerMetadata(
    string Issuer,
    string DeviceAuthorizationEndpoint,
    string TokenEndpoint,
    string RevocationEndpoint,
    IReadOnlyList<string> GrantTypesSupported,
    IReadOnlyList<string> ResponseTypesSupported,
    IReadOnlyList<string> TokenEndpointAuthMethodsSupported,
    IReadOnlyList<string> RevocationEndpointAuthMethodsSupported);

/// <summary>The answer of RFC 8628 §3.2.</summary>
/// <param name="LoginNotice">What this server records, for whoever signs in.</param>
internal sealed record DeviceAnswer(
    string DeviceCode,
    string UserCode,
    string VerificationUri,
    string VerificationUriComplete,
    int ExpiresIn,
    int Interval,
    string LoginNotice)
{
    public override string ToString() => "[device authorization]";
}

/// <summary>
/// The answer of RFC 6749 §5.1 and nothing else: if it held an address, Claude Code would ask a question about it.
/// <c>GET /api/v1/me</c> says who was signed in.
/// </summary>
internal sealed record TokenAnswer(string AccessToken, string TokenType, long ExpiresIn, string RefreshToken)
{
    public override string ToString() => "[tokens]";
}

/// <summary>The OAuth endpoints of device sign-in. Every URL in an answer starts with the public URL.</summary>
internal static class OAuthEndpoints
{
    /// <summary>
    /// Claude Code signs in below the base URL to which it sends its requests (https://code.claude.com/docs/en/llm-gateway-protocol).
    /// </summary>
    public const string GatewayBase = AnthropicProvider.Base;

    public const string Metadata = "/.well-known/oauth-authorization-server";
    public const string DeviceGrantType = "urn:ietf:params:oauth:grant-type:device_code";

    private const string RefreshGrantType = "refresh_token";
    private const int RetryAfterTooMany = 60; // seconds

    public static ServerMetadata Describe(HttpRequest request, PublicUrl publicUrl)
    {
        var gateway = publicUrl.Origin + GatewayBase;
        return new ServerMetadata(
            request.Path.Value!.Contains(GatewayBase, StringComparison.Ordinal) ? gateway : publicUrl.Origin,
            $"{gateway}/oauth/device_authorization",
            $"{gateway}/oauth/token",
            $"{gateway}/oauth/revoke",
            [DeviceGrantType, RefreshGrantType],
            [],
            ["none"],
            ["none"]);
    }

    public static async Task<IResult> AuthorizeDeviceAsync(
        HttpContext context, DeviceAuthorizations devices, CapturePolicies policies, PublicUrl publicUrl, CancellationToken cancel)
    {
        if (await OAuthForm.ReadAsync(context.Request, cancel) is null)
        {
            return Refuse(OAuthError.NotAForm);
        }

        if (await devices.CreateAsync(Origin.Of(context), context.Connection.RemoteIpAddress, cancel) is not { } created)
        {
            AccountEndpoints.SetRetryAfter(context, TimeSpan.FromSeconds(RetryAfterTooMany));
            return Refuse(OAuthError.TooMany);
        }

        var page = $"{publicUrl.Origin}/auth/device";
        return TypedResults.Ok(new DeviceAnswer(
            created.DeviceCode.Reveal(),
            created.UserCode.ToString(),
            page,
            $"{page}?user_code={created.UserCode}",
            (int)DeviceAuthorizations.Lifetime.TotalSeconds,
            DeviceAuthorizations.Interval,
            RecordingTexts.LoginNotice(policies.Now.Policy, publicUrl.Origin)));
    }

    public static async Task<IResult> TokenAsync(
        HttpContext context, DeviceGrant device, SessionTokens tokens, TimeProvider clock, CancellationToken cancel)
    {
        if (await OAuthForm.ReadAsync(context.Request, cancel) is not { } form)
        {
            return Refuse(OAuthError.NotAForm);
        }

        var result = form["grant_type"] switch
        {
            null => new GrantResult(OAuthError.Missing("grant_type")),
            DeviceGrantType => form["device_code"] is not { } code ? new GrantResult(OAuthError.Missing("device_code"))
                : AccessToken.TryRead(code, out var read) && read.Kind is TokenKind.Device
                    ? await device.TryAsync(read.Hash, Origin.Of(context), cancel)
                : new GrantResult(OAuthError.UnknownDeviceCode),
            RefreshGrantType => form["refresh_token"] is not { } token ? new GrantResult(OAuthError.Missing("refresh_token"))
                : AccessToken.TryRead(token, out var read) && read.Kind is TokenKind.Refresh
                    ? await tokens.RefreshAsync(token, read.Hash, Origin.Of(context), cancel)
                : new GrantResult(OAuthError.InvalidRefresh),
            _ => new GrantResult(OAuthError.UnsupportedGrant),
        };
        return result.Tokens is { } issued
            ? TypedResults.Ok(new TokenAnswer(
                issued.Access.Reveal(), "Bearer", (long)(issued.ExpiresAt - clock.GetUtcNow()).TotalSeconds, issued.Refresh.Reveal()))
            : Refuse(result.Error!);
    }

    /// <summary>
    /// Revocation (RFC 7009): either token ends the session, and a device code ends the sign-in that it began. An unknown token counts as
    /// revoked.
    /// </summary>
    public static async Task<IResult> RevokeAsync(HttpContext context, SessionTokens tokens, DeviceGrant device, CancellationToken cancel)
    {
        if (await OAuthForm.ReadAsync(context.Request, cancel) is not { } form)
        {
            return Refuse(OAuthError.NotAForm);
        }

        if (form["token"] is not { } token)
        {
            return Refuse(OAuthError.Missing("token"));
        }

        if (AccessToken.TryRead(token, out var read))
        {
            await (read.Kind switch
            {
                TokenKind.Session or TokenKind.Refresh => tokens.RevokeAsync(read.Hash, Origin.Of(context), cancel),
                TokenKind.Device => device.WithdrawAsync(read.Hash, Origin.Of(context), cancel),
                _ => Task.CompletedTask, // only their user revokes proxy tokens
            });
        }

        return TypedResults.Ok();
    }

    internal static JsonHttpResult<OAuthError> Refuse(OAuthError error) => TypedResults.Json(error, statusCode: error.Status);
}

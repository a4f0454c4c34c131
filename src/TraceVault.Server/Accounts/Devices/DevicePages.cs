using System.Net;
using Microsoft.AspNetCore.Http.HttpResults;
using TraceVault.Changes;
using TraceVault.Hosting;
using TraceVault.Identity;
using TraceVault.Keys;
using TraceVault.Pages;
using TraceVault.Providers.Anthropic;

namespace TraceVault.Accounts.Devices;

/// <summary>Where a signed-in person sees which device asks to be signed in as them, and approves or refuses it. Looking decides nothing.</summary>
internal static class DevicePages
{
    private const string Unknown = "No device waits under this code. Compare it with the one that the device shows; after ten minutes it starts again with a new one.";

    public static async Task<IResult> ShowAsync(
        [FromQuery(Name = "user_code")] string? userCode, PageContext page, SignedIn me, Actor actor,
        HttpContext context, DeviceAuthorizations devices, SignInThrottle throttle, AuditLog audit, PublicUrl publicUrl, CancellationToken cancel)
    {
        // What another site leads to counts as no guess: it could use up those of its reader.
        if (string.IsNullOrWhiteSpace(userCode) || ForeignPages.Sent(context.Request, publicUrl))
        {
            return Ask(page, StatusCodes.Status200OK, userCode);
        }

        var (found, refusal) = await FindAsync(userCode, page, actor, context, devices, throttle, audit, cancel);
        return refusal ?? new RazorComponentResult<DevicePage>(
            new { Context = page, Device = found, IsFromHere = IsSamePlace(found!.Address, context.Connection.RemoteIpAddress, publicUrl) });
    }

    public static async Task<IResult> DecideAsync(
        [FromForm(Name = "user_code")] string? userCode, [FromForm] string? decision, PageContext page, SignedIn me, Actor actor,
        HttpContext context, DeviceAuthorizations devices, SignInThrottle throttle, AuditLog audit, ProviderKeys keys, CancellationToken cancel)
    {
        if (decision is not ("approve" or "refuse"))
        {
            return Ask(page, StatusCodes.Status400BadRequest, userCode, "Choose Approve or Refuse.");
        }

        var (found, refusal) = await FindAsync(userCode, page, actor, context, devices, throttle, audit, cancel);
        if (refusal is not null)
        {
            return refusal;
        }

        var approve = decision == "approve";
        return UserCode.TryParse(found!.UserCode, out var code) && await devices.DecideAsync(code, approve, me.SessionId, actor)
            ? new RazorComponentResult<DeviceDecidedPage>(new { Context = page, IsApproved = approve, HasKey = !approve || await keys.FindAsync(me.User.Id, AnthropicProvider.Id, cancel) is not null })
            : Ask(page, StatusCodes.Status404NotFound, null, Unknown);
    }

    /// <summary>Whether both are one address, or both this machine: a browser may come to it as ::1 and a program as 127.0.0.1.</summary>
    /// <returns>Null when nobody can tell: a proxy in front that is not trusted makes all addresses its own.</returns>
    private static bool? IsSamePlace(string? asked, IPAddress? reads, PublicUrl publicUrl) =>
        reads is not null && IPAddress.IsLoopback(Plain(reads)) && !new Uri(publicUrl.Origin).IsLoopback ? null
        : IPAddress.TryParse(asked, out var one) && reads is not null
        && (Plain(one).Equals(Plain(reads)) || (IPAddress.IsLoopback(Plain(one)) && IPAddress.IsLoopback(Plain(reads))));

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    /// <summary>Looks a code up. Each try counts as a wrong one until it is known to be right, so that nobody can try many.</summary>
    private static async Task<(DeviceAuthorization? Found, IResult? Refusal)> FindAsync(
        string? text, PageContext page, Actor actor, HttpContext context, DeviceAuthorizations devices, SignInThrottle throttle, AuditLog audit, CancellationToken cancel)
    {
        if (!UserCode.TryParse(text, out var code))
        {
            return (null, Ask(page, StatusCodes.Status400BadRequest, text, "A code has eight letters, such as WDJB-MJHT. Type it as the device shows it."));
        }

        var admission = await throttle.EnterAsync(actor.UserId!, cancel);
        if (admission.Wait is { } wait)
        {
            AccountEndpoints.SetRetryAfter(context, wait);
            return (null, Ask(page, StatusCodes.Status429TooManyRequests, null, AccountEndpoints.TryAgainIn(wait)));
        }

        if (await devices.FindPendingAsync(code, cancel) is not { } found)
        {
            await audit.AppendFailureAsync(AuditEvent.Own(AuditActions.DeviceCodeTried, actor) with { Outcome = AuditOutcome.Failed }, admission.IsLast, cancel);
            return (null, Ask(page, StatusCodes.Status404NotFound, code.ToString(), Unknown));
        }

        await throttle.SucceedAsync(actor.UserId!, CancellationToken.None);
        return (found, null);
    }

    private static RazorComponentResult<DeviceCodePage> Ask(PageContext page, int status, string? code = null, string? problem = null) =>
        new(new { Context = page, Code = code, Problem = problem }) { StatusCode = status };
}

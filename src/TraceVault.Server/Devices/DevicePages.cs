using System.Net;
using Microsoft.AspNetCore.Http.HttpResults;
using TraceVault.Accounts;
using TraceVault.Capture.Policies;
using TraceVault.Changes;
using TraceVault.Hosting;
using TraceVault.Identity;
using TraceVault.Keys;
using TraceVault.Pages;
using TraceVault.Providers.Anthropic;

namespace TraceVault.Devices;

/// <summary>
/// The pages on which a signed-in person sees which device asks to be signed in as them, and approves or refuses it.
/// Opening a page decides nothing.
/// </summary>
internal static class DevicePages
{
    private const string Unknown = "No device is waiting with this code. "
        + "Compare it with the code that the device shows; after ten minutes the device starts again with a new one.";

    public static async Task<IResult> ShowAsync(
        [FromQuery(Name = "user_code")] string? userCode,
        PageContext page,
        SignedIn me,
        Actor actor,
        HttpContext context,
        DeviceAuthorizations devices,
        SignInThrottle throttle,
        AuditLog audit,
        CapturePolicies policies,
        PublicUrl publicUrl,
        CancellationToken cancel)
    {
        // A link from another site does not count as a guess: that site could use up the guesses of its reader.
        if (string.IsNullOrWhiteSpace(userCode) || ForeignPages.Sent(context.Request, publicUrl))
        {
            return Ask(page, StatusCodes.Status200OK, userCode);
        }

        var (found, refusal) = await FindAsync(userCode, page, actor, context, devices, throttle, audit, cancel);
        return refusal ?? new RazorComponentResult<DevicePage>(new
        {
            Context = page,
            Device = found,
            IsFromHere = IsSamePlace(found!.Address, context.Connection.RemoteIpAddress, publicUrl),
            Recorded = RecordingTexts.Brief(policies.ModeOf(me.User.Id), policies.Now.Policy),
        });
    }

    public static async Task<IResult> DecideAsync(
        [FromForm(Name = "user_code")] string? userCode,
        [FromForm] string? decision,
        PageContext page,
        SignedIn me,
        Actor actor,
        HttpContext context,
        DeviceAuthorizations devices,
        SignInThrottle throttle,
        AuditLog audit,
        ProviderKeys keys,
        CancellationToken cancel)
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
        if (!UserCode.TryParse(found!.UserCode, out var code) || !await devices.DecideAsync(code, approve, me.SessionId, actor))
        {
            return Ask(page, StatusCodes.Status404NotFound, null, Unknown);
        }

        var hasKey = !approve || await keys.FindAsync(me.User.Id, AnthropicProvider.Id, cancel) is not null;
        return new RazorComponentResult<DeviceDecidedPage>(new { Context = page, IsApproved = approve, HasKey = hasKey });
    }

    /// <summary>
    /// Whether both addresses are equal, or both belong to this machine: a browser may use ::1 and a program 127.0.0.1.
    /// </summary>
    /// <returns>Null when it cannot be told: behind a proxy that is not trusted, every address is that of the proxy.</returns>
    private static bool? IsSamePlace(string? asked, IPAddress? reads, PublicUrl publicUrl) =>
        reads is not null && IPAddress.IsLoopback(Plain(reads)) && !new Uri(publicUrl.Origin).IsLoopback ? null
        : IPAddress.TryParse(asked, out var one) && reads is not null
        && (Plain(one).Equals(Plain(reads)) || (IPAddress.IsLoopback(Plain(one)) && IPAddress.IsLoopback(Plain(reads))));

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    /// <summary>Looks a code up. Each attempt counts as wrong until the code is known to be right, so that nobody can try many.</summary>
    private static async Task<(DeviceAuthorization? Found, IResult? Refusal)> FindAsync(
        string? text,
        PageContext page,
        Actor actor,
        HttpContext context,
        DeviceAuthorizations devices,
        SignInThrottle throttle,
        AuditLog audit,
        CancellationToken cancel)
    {
        if (!UserCode.TryParse(text, out var code))
        {
            const string Malformed = "A code has eight letters, such as WDJB-MJHT. Type it as the device shows it.";
            return (null, Ask(page, StatusCodes.Status400BadRequest, text, Malformed));
        }

        var admission = await throttle.EnterAsync(actor.UserId!, cancel);
        if (admission.Wait is { } wait)
        {
            AccountEndpoints.SetRetryAfter(context, wait);
            return (null, Ask(page, StatusCodes.Status429TooManyRequests, null, AccountEndpoints.TryAgainIn(wait)));
        }

        if (await devices.FindPendingAsync(code, cancel) is not { } found)
        {
            var failed = AuditEvent.Own(AuditActions.DeviceCodeTried, actor) with { Outcome = AuditOutcome.Failed };
            await audit.AppendFailureAsync(failed, admission.IsLast, cancel);
            return (null, Ask(page, StatusCodes.Status404NotFound, code.ToString(), Unknown));
        }

        await throttle.SucceedAsync(actor.UserId!, CancellationToken.None);
        return (found, null);
    }

    private static RazorComponentResult<DeviceCodePage> Ask(PageContext page, int status, string? code = null, string? problem = null) =>
        new(new { Context = page, Code = code, Problem = problem }) { StatusCode = status };
}

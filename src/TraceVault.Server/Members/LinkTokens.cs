using TraceVault.Accounts;
using TraceVault.Pages;

namespace TraceVault.Members;

/// <summary>What the pages behind invite and reset links have in common.</summary>
internal static class LinkTokens
{
    private static readonly TimeSpan RememberExpired = TimeSpan.FromDays(30);

    /// <summary>Reads the token of a link; one whose checksum is wrong asks no database.</summary>
    public static bool TryRead(string text, out TokenHash hash)
    {
        var isLink = AccessToken.TryRead(text, out var token) && token.Kind is TokenKind.Link;
        hash = token.Hash;
        return isLink;
    }

    /// <summary>Unix milliseconds: who comes with a link that expired later is told that it is too old, and before that it is unknown.</summary>
    public static long ForgottenBefore(TimeProvider clock) => (clock.GetUtcNow() - RememberExpired).ToUnixTimeMilliseconds();

    public static IResult Unknown(HttpContext context) => Problems.Page(context, StatusCodes.Status404NotFound, "This link does not work",
        "It was used already, replaced or withdrawn, or a part of it got lost on its way. If you have used it, sign in. Otherwise ask who sent it for another.");

    public static IResult Expired(HttpContext context, long expiresAt) => Problems.Page(context, StatusCodes.Status410Gone, "This link is too old",
        $"It was good until {MemberTexts.Time(expiresAt)}. Ask who sent it for another.");

    /// <summary>For <see cref="Turnstile"/>: one at a time may use a link.</summary>
    public static string Line(TokenHash link) => "link:" + Convert.ToHexStringLower(link.ToBytes());

    public static IResult Busy(HttpContext context)
    {
        AccountEndpoints.SetRetryAfter(context, Turnstile.ComeAgain);
        return Problems.Page(context, StatusCodes.Status429TooManyRequests, "This link is being used", "Many use this link at this moment. Try again in a few seconds.");
    }

    /// <summary>Signs the browser in, in place of whoever was before.</summary>
    /// <param name="context">The browser's request.</param>
    /// <param name="user">Who chose a password.</param>
    /// <param name="hash">Of that password: a change in between ends this sign-in too.</param>
    public static async Task<IResult> SignInAsync(HttpContext context, User user, string hash, SessionReader reader, Sessions sessions, CancellationToken cancel)
    {
        await SignInPages.EndEarlierAsync(context, reader, sessions, cancel);
        if (await sessions.CreateAsync(user, hash, Origin.Of(context), cancel) is not { } session)
        {
            return Redirects.See("/auth/login");
        }

        SessionCookie.Write(context, session.Token.Reveal(), session.ExpiresAt);
        return Redirects.See(ReturnTarget.Start);
    }
}

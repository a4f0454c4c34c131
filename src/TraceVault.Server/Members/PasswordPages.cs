using Microsoft.AspNetCore.Http.HttpResults;
using TraceVault.Accounts;
using TraceVault.Identity;
using TraceVault.Pages;

namespace TraceVault.Members;

/// <summary>Changing one's own password in a browser.</summary>
internal static class PasswordPages
{
    public static IResult Show([FromQuery] string? done, PageContext page) =>
        new RazorComponentResult<PasswordPage>(new { Context = page, IsDone = done is not null });

    public static async Task<IResult> ChangeAsync(
        [FromForm(Name = "current_password")] string? current, [FromForm(Name = "new_password")] string? chosen,
        PageContext page, SignedIn me, HttpContext context, PasswordChange password, CancellationToken cancel)
    {
        var result = await password.TryAsync(me, current, chosen, context, cancel);
        switch (result.Outcome)
        {
            case PasswordOutcome.Done:
                return Redirects.See("/me/password?done");
            case PasswordOutcome.TooMany:
                AccountEndpoints.SetRetryAfter(context, result.Wait);
                return Page(page, StatusCodes.Status429TooManyRequests, null, AccountEndpoints.TryAgainIn(result.Wait));
            case PasswordOutcome.Wrong:
                return Page(page, StatusCodes.Status400BadRequest, "current_password", PasswordChange.WrongCurrent);
            default:
                return Page(page, StatusCodes.Status400BadRequest, "new_password", result.Problem);
        }
    }

    private static RazorComponentResult<PasswordPage> Page(PageContext page, int status, string? field, string? problem) =>
        new(new { Context = page, Field = field, Problem = problem }) { StatusCode = status };
}

using Microsoft.AspNetCore.Http.HttpResults;
using TraceVault.Gateway;
using TraceVault.Hosting;
using TraceVault.Identity;
using TraceVault.Keys;
using TraceVault.Pages;
using TraceVault.Providers.Anthropic;

namespace TraceVault.Me;

/// <summary>The page that people see first: their key, and how to point a tool at the proxy. The key goes in and never comes out.</summary>
internal sealed class ProxyPages(ProviderKeys keys, KeyVault vault, PublicUrl publicUrl)
{
    private const string Path = "/me/proxy/";

    public static async Task<IResult> ShowAsync(
        [FromQuery] string? tool, [FromQuery] string? done, PageContext page, SignedIn me, ProxyPages pages, CancellationToken cancel) =>
        await pages.PageAsync(page, me, cancel, tool: tool, said: done switch
        {
            "works" => "The key is stored. Anthropic accepts it.",
            "stored" => "The key is stored. Send a test request to see whether Anthropic accepts it.",
            "untested" => "The key is stored. Anthropic could not be asked whether it accepts the key: send a test request in a while.",
            "removed" => "The key is removed.",
            "cap" => "The number of requests at once is saved.",
            _ => null,
        });

    public static async Task<IResult> StoreAsync(
        [FromForm] string? key,
        [FromForm(Name = "store_anyway")] string? anyway,
        PageContext page,
        SignedIn me,
        Actor actor,
        KeyChange change,
        ProxyPages pages,
        CancellationToken cancel) =>
        await change.StoreAsync(me, actor, key, maxConcurrent: null, anyway: anyway is not null, cancel) switch
        {
            { Problem: { } problem } refused =>
                await pages.PageAsync(page, me, cancel, field: "key", problem: problem, isRefused: refused.IsRefused),
            { Test: null } => Redirects.See(Path + "?done=stored"),
            { Test.IsGood: true } => Redirects.See(Path + "?done=works"),
            _ => Redirects.See(Path + "?done=untested"),
        };

    public static async Task<IResult> CapAsync(
        [FromForm(Name = "max_concurrent")] string? cap,
        PageContext page,
        SignedIn me,
        Actor actor,
        ProviderKeys keys,
        ProxyPages pages,
        CancellationToken cancel)
    {
        if (!int.TryParse(cap, out var number) || number is < 1 or > ProviderKeys.MaxMaxConcurrent)
        {
            return await pages.PageAsync(
                page,
                me,
                cancel,
                field: "max_concurrent",
                problem: $"It takes a whole number from 1 to {ProviderKeys.MaxMaxConcurrent}.");
        }

        await keys.SaveMaxConcurrentAsync(me.User.Id, number, actor);
        return Redirects.See(Path + "?done=cap");
    }

    public static IResult AskToRemove(PageContext page) => new RazorComponentResult<RemoveKeyPage>(new { Context = page });

    public static async Task<IResult> RemoveAsync(SignedIn me, Actor actor, ProviderKeys keys)
    {
        await keys.DeleteAsync(me.User.Id, AnthropicProvider.Id, actor);
        return Redirects.See(Path + "?done=removed");
    }

    public static async Task<IResult> TestAsync(
        PageContext page, SignedIn me, TestRequest test, AnthropicProvider provider, ProxyPages pages, CancellationToken cancel) =>
        await pages.PageAsync(page, me, cancel, test: await test.SendAsync(me.User.Id, provider, cancel));

    private async Task<RazorComponentResult<ProxyPage>> PageAsync(
        PageContext page,
        SignedIn me,
        CancellationToken cancel,
        string? tool = null,
        string? said = null,
        string? field = null,
        string? problem = null,
        TestResult? test = null,
        bool isRefused = false) =>
        new(new
        {
            Context = page with { Path = Path },
            Key = await MeEndpoints.GetKeyAsync(me, keys, vault, cancel),
            publicUrl.Origin,
            ToolId = tool,
            Said = said,
            ProblemField = field,
            Problem = problem,
            Test = test,
            IsRefused = isRefused,
        })
        { StatusCode = problem is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest };
}

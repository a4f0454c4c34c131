using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;
using TraceVault.Hosting;
using TraceVault.Pages;

namespace TraceVault.Downloads;

/// <summary>Hands the command line out to anybody: it holds no secret, and people need it before they can sign in.</summary>
internal static class DownloadPages
{
    public static async Task<IResult> ShowAsync(PageContext page, CommandLineFiles files, PublicUrl publicUrl) =>
        new RazorComponentResult<DownloadsPage>(new { Context = page, publicUrl.Origin, Files = await files.ListAsync() });

    public static async Task<IResult> ServeAsync(string file, HttpContext context, CommandLineFiles files)
    {
        if (Platform.All.FirstOrDefault(platform => platform.File == file) is not { } asked
            || await files.FindAsync(asked) is not { } found)
        {
            return TypedResults.NotFound();
        }

        context.Response.Headers.CacheControl = "no-cache"; // caches have to ask again: the next version has the same name
        return TypedResults.PhysicalFile(
            found.Path,
            "application/octet-stream",
            asked.File,
            found.ChangedAt,
            new EntityTagHeaderValue($"\"sha256-{found.Sha256}\""),
            enableRangeProcessing: true);
    }
}

namespace TraceVault.Hosting;

/// <summary>
/// A path below a provider's base at which the server itself answers: never forwarded, by no method, in these very characters.
/// </summary>
/// <param name="Path">The whole path, such as <c>/proxy/anthropic/oauth/token</c>.</param>
/// <remarks>Each feature that maps one registers it, so that the gateway leaves it alone without knowing the feature.</remarks>
internal sealed record ReservedPath(string Path);

internal static class ReservedPathRegistration
{
    public static void AddReservedPaths(this IServiceCollection services, string basePath, params ReadOnlySpan<string> paths)
    {
        foreach (var path in paths)
        {
            services.AddSingleton(new ReservedPath(basePath + path));
        }
    }
}

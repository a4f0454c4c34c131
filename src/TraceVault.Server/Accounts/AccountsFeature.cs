using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Identity;
using TraceVault.Accounts.Passwords;
using TraceVault.Api;
using TraceVault.Hosting;
using TraceVault.Identity;
using TraceVault.Logging;
using TraceVault.Pages;
using TraceVault.Settings;
using TraceVault.Storage;

namespace TraceVault.Accounts;

internal static class AccountsFeature
{
    private const int MinSetupTokenLength = 16;

    public static WebApplicationBuilder AddAccounts(this WebApplicationBuilder builder, SettingsReader settings)
    {
        var options = settings.Read<AccountsOptions>();
        if (options.SetupToken is { Length: < MinSetupTokenLength })
        {
            throw new StartupException($"TRACEVAULT_SETUP_TOKEN is too short: it needs at least {MinSetupTokenLength} characters.");
        }

        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton<SetupToken>();
        builder.Services.AddSingleton<Users>();
        builder.Services.AddExpiring<Sessions>();
        builder.Services.AddSingleton<SessionReader>();
        builder.Services.AddSingleton<SignIn>();
        builder.Services.AddSingleton<FirstRun>();
        builder.Services.AddSingleton<ProxyTokens>();
        builder.Services.Configure<PasswordHasherOptions>(hasher => hasher.IterationCount = PasswordHashes.Iterations);
        builder.Services.AddSingleton<PasswordHashes>();
        builder.Services.AddSingleton<Turnstile>();
        builder.Services.AddExpiring<SignInThrottle>();
        // There is no default scheme: a token or cookie is looked up only where a scheme is asked for, and telemetry asks for none.
        builder.Services.AddAuthentication()
            .AddScheme<AuthenticationSchemeOptions, SessionTokenHandler>(Access.TokenScheme, null)
            .AddScheme<AuthenticationSchemeOptions, SessionCookieHandler>(Access.CookieScheme, null);
        builder.Services.AddSingleton<IAuthorizationPolicyProvider, PolicyProvider>();
        builder.Services.AddAuthorizationBuilder()
            .SetDefaultPolicy(new AuthorizationPolicyBuilder(Access.TokenScheme).RequireAuthenticatedUser().Build())
            .AddPolicy(Access.Page, policy => policy.AddAuthenticationSchemes(Access.CookieScheme).RequireAuthenticatedUser())
            .AddPolicy(Access.AdminPage, policy => policy.AddAuthenticationSchemes(Access.CookieScheme).RequireRole(User.Administrators))
            .AddPolicy(Access.AdminApi, policy => policy.AddAuthenticationSchemes(Access.TokenScheme).RequireRole(User.Administrators));
        builder.Services.AddJson(AccountsJson.Default);
        return builder;
    }

    public static void MapAccounts(this WebApplication app)
    {
        var auth = app.MapGroup("/api/v1/auth");
        auth.MapPost("/setup", AccountEndpoints.SetUpAsync);
        auth.MapPost("/setup/check", AccountEndpoints.CheckSetUpAsync);
        auth.MapPost("/login", AccountEndpoints.LogInAsync);
        auth.MapPost("/logout", AccountEndpoints.LogOutAsync).RequireAuthorization();

        app.MapPages("").MapGet("/", SignInPages.StartAsync);
        var pages = app.MapPages("/auth");
        pages.MapGet("/setup", SignInPages.SetUpFormAsync);
        pages.MapPost("/setup", SignInPages.SetUpAsync);
        pages.MapGet("/login", SignInPages.LogInFormAsync);
        pages.MapPost("/login", SignInPages.LogInAsync);
        app.MapPrivatePages("/auth").MapPost("/logout", SignInPages.LogOutAsync);
    }

    /// <summary>As long as there is no user, prints how to create the first one.</summary>
    public static async Task AnnounceSetupAsync(this WebApplication app)
    {
        if (await app.Services.GetRequiredService<Users>().AnyAsync(CancellationToken.None))
        {
            return;
        }

        var token = app.Services.GetRequiredService<SetupToken>();
        var origin = app.Services.GetRequiredService<PublicUrl>().Origin;
        var shown = token.IsConfigured ? "the one in TRACEVAULT_SETUP_TOKEN" : token.Reveal();
        if (app.Services.GetRequiredService<LoggingOptions>().LogFormat is LogFormat.Json && app.Logger.IsEnabled(LogLevel.Warning))
        {
            // Written to the log, so that every line of standard output stays one object.
            app.Logger.LogWarning(
                "This server has no user yet. Create the first one at {Url}, or with: tracevault setup --server {Server}. "
                + "Setup token: {SetupToken}",
                origin + "/auth/setup",
                origin,
                shown);
            return;
        }

        await Console.Out.WriteLineAsync($"""

              This server has no user yet. Create the first one in a browser,

                  {origin}/auth/setup{(token.IsConfigured ? "" : $"#token={token.Reveal()}")}

              or with the command line program:

                  tracevault setup --server {origin}

              Setup token: {shown}

            """);
    }
}

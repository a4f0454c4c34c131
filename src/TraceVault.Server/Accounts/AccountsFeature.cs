using Microsoft.AspNetCore.Authentication;
using TraceVault.Hosting;
using TraceVault.Settings;

namespace TraceVault.Accounts;

internal static class AccountsFeature
{
    private const int MinSetupTokenLength = 16;

    public static WebApplicationBuilder AddAccounts(this WebApplicationBuilder builder, SettingsReader settings)
    {
        var options = settings.Read<AccountsOptions>();
        if (options.SetupToken is { Length: < MinSetupTokenLength })
        {
            throw new StartupException($"TRACEVAULT_SETUP_TOKEN is too short: it takes at least {MinSetupTokenLength} characters.");
        }

        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton<SetupToken>();
        builder.Services.AddSingleton<UserChanges>();
        builder.Services.AddSingleton<Users>();
        builder.Services.AddSingleton<Sessions>();
        builder.Services.AddSingleton<ProxyTokens>();
        builder.Services.AddSingleton<Passwords>();
        builder.Services.AddSingleton<SignInThrottle>();
        // Not AddAuthentication: it brings data protection along, whose keys would land in clear in the home directory.
        builder.Services.AddAuthenticationCore(authentication => authentication.DefaultScheme = SessionTokenHandler.SchemeName);
        builder.Services.AddWebEncoders();
        new AuthenticationBuilder(builder.Services).AddScheme<AuthenticationSchemeOptions, SessionTokenHandler>(SessionTokenHandler.SchemeName, null);
        builder.Services.AddAuthorization();
        return builder;
    }

    public static void MapAccounts(this WebApplication app)
    {
        var auth = app.MapGroup("/api/v1/auth");
        auth.MapPost("/setup", AccountEndpoints.SetUpAsync);
        auth.MapPost("/login", AccountEndpoints.LogInAsync);
        auth.MapPost("/logout", AccountEndpoints.LogOutAsync).RequireAuthorization();
    }

    /// <summary>Until there is a first user, tells the operator's terminal how to become it.</summary>
    public static async Task AnnounceSetupAsync(this WebApplication app)
    {
        if (await app.Services.GetRequiredService<Users>().AnyAsync(CancellationToken.None))
        {
            return;
        }

        var token = app.Services.GetRequiredService<SetupToken>();
        await Console.Out.WriteLineAsync($"""

              This server has no user yet. Create the first one with the command line program:

                  tracevault setup --server {app.Services.GetRequiredService<PublicUrl>().Origin}

              Setup token: {(token.IsConfigured ? "the one in TRACEVAULT_SETUP_TOKEN" : token.Reveal())}

            """);
    }
}

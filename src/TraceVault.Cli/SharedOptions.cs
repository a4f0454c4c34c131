using System.CommandLine;

namespace TraceVault.Cli;

/// <summary>Options that several commands take.</summary>
internal static class SharedOptions
{
    /// <summary>Every command takes it, because the address may come from the environment.</summary>
    public static Option<bool> AllowHttp() => new("--allow-http")
    {
        Description = "Accept an http:// server on another machine. Tokens and keys then travel unencrypted.",
        Recursive = true,
    };

    public static bool AllowsHttp(ParseResult parse) => parse.GetValue<bool>("--allow-http");

    public static Option<bool> Json() => new("--json") { Description = "Print JSON, errors included." };

    /// <param name="elsewise">The default, in words; null makes the option required.</param>
    public static Option<string> Server(string? elsewise = null) => new("--server")
    {
        Description = "Where TraceVault answers, such as https://tracevault.example.com."
            + (elsewise is null ? "" : $" Default: {elsewise}."),
        HelpName = "URL",
        Required = elsewise is null,
    };

    public static Option<bool> PasswordFromInput() => new("--password-stdin")
    {
        Description = "Read the password from standard input.",
    };
}

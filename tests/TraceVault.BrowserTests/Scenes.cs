using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using TraceVault.Downloads;

namespace TraceVault.BrowserTests;

/// <summary>Every page, in every state that looks different: how a browser gets there.</summary>
internal static class Scenes
{
    private static readonly Dictionary<string, Func<BrowserRig, Task>> All = new()
    {
        ["setup"] = rig => rig.GoAsync("/auth/setup"),
        ["setup-refused"] = async rig =>
        {
            await rig.GoAsync("/auth/setup");
            await rig.Page.FillAsync(("Setup token", "guessed"), ("E-mail address", TestServer.Email), ("Password", TestServer.Password));
            await rig.Page.PressAsync("Create the owner");
            await rig.Page.ExpectAlertAsync("The setup token is wrong");
        },
        ["login"] = async rig =>
        {
            await rig.Server.SetUpAsync();
            await rig.GoAsync("/auth/login");
        },
        ["login-refused"] = async rig =>
        {
            await rig.Server.SetUpAsync();
            await rig.GoAsync("/auth/login");
            await rig.Page.LogInAsync(password: "three random words");
            await rig.Page.ExpectAlertAsync("The e-mail address or the password is wrong.");
        },
        ["proxy"] = AsUser("/me/proxy/"),
        ["proxy-key-refused"] = AsUser("/me/proxy/", async rig =>
        {
            await rig.Page.StoreKeyAsync("sk-something-else");
            await rig.Page.ExpectAlertAsync("sk-ant-");
        }),
        ["proxy-key-unknown"] = AsUser("/me/proxy/", async rig =>
        {
            await rig.Page.StoreKeyAsync("sk-ant-api03-a-key-that-was-deleted");
            await rig.Page.ExpectAlertAsync("Anthropic does not know this key");
        }),
        ["proxy-key-stored"] = AsUser("/me/proxy/", rig => StoreAsync(rig)),
        ["proxy-tested"] = AsUser("/me/proxy/", async rig =>
        {
            await StoreAsync(rig);
            await rig.Page.PressAsync("Send a test request");
            await rig.Page.ExpectStatusAsync("It works");
        }),
        ["proxy-test-failed"] = AsUser("/me/proxy/", async rig =>
        {
            await rig.Page.StoreKeyAsync("sk-ant-api03-a-key-that-was-deleted");
            await rig.Page.ExpectAlertAsync("Anthropic does not know this key");
            await rig.Page.FillAsync(("Anthropic API key", "sk-ant-api03-a-key-that-was-deleted"));
            await rig.Page.GetByLabel("Store it anyway").CheckAsync();
            await rig.Page.PressAsync("Store the key");
            await rig.Page.PressAsync("Send a test request");
            await rig.Page.ExpectStatusAsync("Anthropic does not know this key");
        }),
        ["proxy-tool"] = AsUser("/me/proxy/?tool=csharp"),
        ["proxy-remove"] = AsUser("/me/proxy/remove"),
        ["sessions"] = AsUser("/me/sessions"),
        ["sessions-many"] = AsUser("/me/sessions", async rig =>
        {
            await rig.Server.LogInAsync();
            await rig.Server.LogInAsync();
            await rig.GoAsync("/me/sessions");
        }),
        ["tokens"] = AsUser("/me/tokens"),
        ["tokens-made"] = AsUser("/me/tokens", rig => rig.Page.MakeTokenAsync("Build server")),
        ["tokens-refused"] = AsUser("/me/tokens", async rig =>
        {
            await rig.Page.FillAsync(("What it is for", " "));
            await rig.Page.PressAsync("Create the token");
            await rig.Page.ExpectAlertAsync("");
        }),
        ["audit"] = AsUser("/me/proxy/", async rig =>
        {
            await StoreAsync(rig);
            await rig.Server.Client.PostAsJsonAsync(
                "/api/v1/auth/login", new { email = TestServer.Email, password = "three random words" });
            await rig.GoAsync("/admin/audit");
        }),
        ["audit-filtered"] = AsUser("/admin/audit?actor=somebody@example.com"),
        ["audit-refused"] = AsUser("/admin/audit?from=yesterday"),
        ["privacy"] = AsUser("/me/privacy"),
        ["privacy-without-effect"] = AsUser("/me/privacy", async rig =>
        {
            await rig.Page.GetByLabel("Full: what Usage keeps").CheckAsync();
            await rig.Page.PressAsync("Save your choice");
            await rig.Page.ExpectStatusAsync("Your choice holds");
            await rig.GoAsync("/admin/capture");
            await rig.Page.GetByLabel("What people may choose").SelectOptionAsync("nothing");
            await rig.Page.PressAsync("Save the policy");
            await rig.GoAsync("/me/privacy");
        }),
        ["recording"] = AsUser("/admin/capture"),
        ["recording-full"] = AsUser("/admin/capture", async rig =>
        {
            await rig.Page.GetByLabel("Mode", new() { Exact = true }).SelectOptionAsync("full");
            await rig.Page.PressAsync("Save the policy");
            await rig.Page.ExpectHeadingAsync("Record everything?");
        }),
        ["password"] = AsUser("/me/password"),
        ["people"] = AsUser("/admin/users", async rig =>
        {
            await InviteAsync(rig);
            await rig.GoAsync("/admin/users");
        }),
        ["people-refused"] = AsUser("/admin/users", async rig =>
        {
            await rig.Page.FillAsync(("Their e-mail address", TestServer.Email));
            await rig.Page.PressAsync("Create the link");
            await rig.Page.ExpectAlertAsync("This address already has an account.");
        }),
        ["people-link"] = AsUser("/admin/users", async rig =>
        {
            await rig.Page.FillAsync(("Their e-mail address", "ada@example.com"));
            await rig.Page.PressAsync("Create the link");
            await rig.Page.ExpectStatusAsync("The link is ready.");
        }),
        ["people-one"] = AsUser("/admin/users", rig => rig.Page.GetByRole(AriaRole.Link, new() { Name = "Manage" }).ClickAsync()),
        ["people-confirm"] = AsUser("/admin/users", async rig =>
        {
            await rig.Page.GetByRole(AriaRole.Link, new() { Name = "Manage" }).ClickAsync();
            await rig.Page.GetByRole(AriaRole.Link, new() { Name = "Remove for good" }).ClickAsync();
        }),
        ["invite"] = async rig =>
        {
            await rig.SignInAsync();
            var link = await InviteAsync(rig);
            await rig.Page.Context.ClearCookiesAsync();
            await rig.GoAsync(link);
        },
        ["reset"] = async rig =>
        {
            await rig.SignInAsync();
            await rig.GoAsync(await ResetAsync(rig));
        },
        ["downloads"] = async rig =>
        {
            rig.Server.Services.GetRequiredService<DownloadsOptions>().Downloads = await DownloadsAsync();
            await rig.GoAsync("/downloads");
        },
        ["downloads-none"] = AsUser("/downloads"),
        ["device-code"] = AsUser("/auth/device"),
        ["device-code-refused"] = AsUser("/auth/device?user_code=BCDF-GHJK"),
        ["device"] = AsUser("/me/proxy/", async rig => await rig.GoAsync((await Device.BeginAsync(rig)).Link)),
        ["device-approved"] = AsUser("/me/proxy/", async rig =>
        {
            await rig.GoAsync((await Device.BeginAsync(rig)).Link);
            await rig.Page.PressAsync("Approve");
            await rig.Page.ExpectHeadingAsync("The device is approved");
        }),
        ["invite-dead"] = rig => rig.GoAsync("/invite/nothing"),
        ["not-found"] = AsUser("/me/nothing-here"),
    };

    public static TheoryData<string> Names => [.. All.Keys];

    public static Task ShowAsync(this BrowserRig rig, string scene) => All[scene](rig);

    private static Func<BrowserRig, Task> AsUser(string path, Func<BrowserRig, Task>? then = null) => async rig =>
    {
        await rig.SignInAsync();
        await rig.GoAsync(path);
        if (then is not null)
        {
            await then(rig);
        }
    };

    /// <returns>The invitation's link.</returns>
    private static async Task<string> InviteAsync(BrowserRig rig)
    {
        using var answer = await rig.Server.ApiAsync(
            HttpMethod.Post, "/api/v1/invites", await rig.Server.LogInAsync(), new { email = "ada@example.com", role = "admin" });
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("url").GetString()!;
    }

    /// <returns>The link by which a colleague, who has joined, chooses a new password.</returns>
    private static async Task<string> ResetAsync(BrowserRig rig)
    {
        await using var profile = await rig.NewProfileAsync();
        var colleague = await profile.NewPageAsync();
        await colleague.GotoAsync(await InviteAsync(rig));
        await colleague.FillAsync(("Password", "seven calm otters swim"));
        await colleague.PressAsync("Join");
        await colleague.ExpectHeadingAsync("Your proxy");
        var owner = await rig.Server.LogInAsync();
        var members = await rig.Server.ApiJsonAsync(HttpMethod.Get, "/api/v1/members", owner);
        var id = members.EnumerateArray().Single(member => member.GetProperty("email").GetString() == "ada@example.com")
            .GetProperty("id").GetString();
        using var answer = await rig.Server.ApiAsync(HttpMethod.Post, $"/api/v1/members/{id}/password-reset", owner);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("url").GetString()!;
    }

    /// <returns>A folder with two builds of the command line.</returns>
    private static async Task<string> DownloadsAsync()
    {
        var folder = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "builds")).FullName;
        foreach (var name in (string[])["tracevault-linux-x64", "tracevault-osx-arm64"])
        {
            await File.WriteAllTextAsync(Path.Combine(folder, name), name, Patience.Cancel);
        }

        return folder;
    }

    private static async Task StoreAsync(BrowserRig rig)
    {
        await rig.Page.StoreKeyAsync();
        await rig.Page.ExpectStatusAsync("The key is stored.");
    }
}

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
        ["not-found"] = async rig =>
        {
            await rig.SignInAsync();
            await rig.GoAsync("/me/nothing-here");
        },
    };

    public static TheoryData<string> Names => [.. All.Keys];

    public static Task ShowAsync(this BrowserRig rig, string scene) => All[scene](rig);
}

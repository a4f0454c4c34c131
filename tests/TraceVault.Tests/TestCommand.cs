using TraceVault.Tests.Clients;

namespace TraceVault.Tests;

/// <summary>
/// A copy of <c>./test</c> and <c>.ci/run</c> in a folder of its own, where every program that it calls is a few lines of shell.
/// </summary>
internal sealed class TestCommand : IDisposable
{
    /// <summary>Taken as they are; nothing else is in PATH.</summary>
    private static readonly string[] RealPrograms =
    [
        "bash", "sh", "env", "cat", "cut", "paste", "sha256sum", "grep", "basename", "dirname", "mkdir", "mkfifo", "rm", "chmod"
    ];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tracevault-command-");

    public TestCommand()
    {
        var repository = Repository.Root;
        foreach (var file in (string[])["test", ".ci/run", "tests/clients/package-lock.json", "tests/clients/.npmrc"])
        {
            Write(file, File.ReadAllText(Path.Combine(repository, file))
                .Replace("/usr/lib/postgresql", "/no/postgresql").Replace("/etc/", At("etc/")));
        }

        Project("Some");
        Publish("echo publish >>calls");
        foreach (var name in RealPrograms)
        {
            var found = ClientProcess.Path.Split(':').Select(folder => Path.Combine(folder, name)).First(File.Exists);
            File.CreateSymbolicLink(At(Directory.CreateDirectory(At("bin")).Name + "/" + name), found);
        }

        foreach (var name in (string[])["setsid", "setpriv", "chromium-headless-shell", "apt-get"])
        {
            Program(name, "");
        }

        Program("sudo", "shift; exec \"$@\"");
        Program("tee", "cat >\"$1\"");
        Program("uname", "echo x86_64");
        Program("node", "echo v20.0.0");
        Program("npm", $"mkdir -p {Binary("x64")} && : >{Binary("x64")}/claude");
        Program("dotnet", Dotnet("""<assembly name=\"x\" total=\"7\" passed=\"5\" failed=\"0\" skipped=\"2\" errors=\"0\">"""));
    }

    /// <summary>What the script is given beside PATH.</summary>
    public Dictionary<string, string> Environment { get; } = new() { ["TEST_POSTGRES"] = "postgres://elsewhere" };

    /// <summary>
    /// The SDK: restores and builds, and reports of the tests what is given. The arguments of each call are a line of "calls".
    /// </summary>
    public static string Dotnet(string report) => $$"""
        echo "$@" CI=$CI nightly=$TEST_NIGHTLY >>calls
        [ "$1" = test ] || exit 0
        mkdir -p artifacts/test-results && echo "{{report}}" >artifacts/test-results/Some.xml
        """;

    public void Publish(string script) => Write("publish", $"#!/bin/sh\n{script}\n");

    public void Program(string name, string script)
    {
        Write("bin/" + name, $"#!/bin/sh\n{script}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(At("bin/" + name), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    public void Project(string name) => Write($"tests/{name}/{name}.csproj", "");

    public void Remove(string program) => File.Delete(At("bin/" + program));

    public bool Has(string path) => Path.Exists(At(path));

    public string Read(string path) => File.ReadAllText(At(path));

    public Task<ClientRun> RunAsync(string script = "test", params string[] arguments)
    {
        Environment["PATH"] = At("bin");
        return ClientProcess.RunAsync([At("bin/bash"), At(script), .. arguments], _folder.FullName, Environment, Patience.Cancel);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static string Binary(string architecture) => $"node_modules/@anthropic-ai/claude-code-linux-{architecture}";

    private string At(string path) => Path.Combine(_folder.FullName, path);

    private void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(path))!);
        File.WriteAllText(At(path), text);
        if (path is "test" or "publish" && !OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(At(path), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }
    }
}

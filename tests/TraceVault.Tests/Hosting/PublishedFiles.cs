using System.Runtime.InteropServices;

namespace TraceVault.Tests.Hosting;

/// <summary>Finds what <c>./publish</c> made for this machine.</summary>
internal static class PublishedFiles
{
    private static readonly string Folder = Path.Combine(
        Repository.Root,
        "artifacts",
        "release",
        RuntimeInformation.OSArchitecture is Architecture.Arm64 ? "linux-arm64" : "linux-x64");

    /// <exception cref="InvalidOperationException">It is not there; the message says what to do.</exception>
    public static string Locate(string name) => Path.Combine(Folder, name) is var file && File.Exists(file)
        ? file
        : throw new InvalidOperationException($"{file} is missing: run ./publish, which makes it, and these tests again.");
}

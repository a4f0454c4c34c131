using System.Text.Json;

namespace TraceVault.Tests.Cli;

/// <summary>A check as <c>proxy doctor --json</c> tells of it.</summary>
internal sealed record DoctorLine(string Check, string Result, string Detail, string? Remedy);

/// <summary>What the doctor found.</summary>
internal sealed record DoctorRun(int ExitCode, IReadOnlyList<DoctorLine> Lines)
{
    public static DoctorRun Of(Transcript run)
    {
        Assert.Empty(run.Error);
        return new(run.ExitCode, [.. run.Json.EnumerateArray().Select(line => new DoctorLine(
            Text(line, "check")!, Text(line, "result")!, Text(line, "detail")!, Text(line, "remedy")))]);
    }

    public DoctorLine this[string check] => Lines.Single(line => line.Check == check);

    /// <summary>Nothing else may be wrong.</summary>
    public DoctorRun AssertOnly(string result, string check, string detail)
    {
        Assert.All(Lines.Where(line => line.Check != check), line => Assert.True(line.Result is "ok" or "skip", line.ToString()));
        var found = this[check];
        Assert.Equal(result, found.Result);
        Assert.Contains(detail, found.Detail);
        Assert.NotEmpty(found.Remedy ?? "");
        Assert.Equal(result == "fail" ? 1 : 0, ExitCode);
        return this;
    }

    private static string? Text(JsonElement line, string name) => line.GetProperty(name).GetString();
}

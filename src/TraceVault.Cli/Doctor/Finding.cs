namespace TraceVault.Cli.Doctor;

internal enum CheckResult
{
    Ok,

    /// <summary>It works, but not for everybody or not for long.</summary>
    Warn,

    Fail,

    /// <summary>Not examined.</summary>
    Skip,
}

/// <summary>What a check found, and what to do about it.</summary>
internal sealed record Finding(CheckResult Result, string Detail, string? Remedy = null)
{
    public static Finding Ok(string detail) => new(CheckResult.Ok, detail);

    public static Finding Warn(string detail, string remedy) => new(CheckResult.Warn, detail, remedy);

    public static Finding Fail(string detail, string remedy) => new(CheckResult.Fail, detail, remedy);

    public static Finding Skip(string detail) => new(CheckResult.Skip, detail);
}

using System.Runtime.CompilerServices;

namespace TraceVault.Tests;

/// <summary>A test that costs money or minutes: part of a run only when an environment variable asks for it, otherwise explicit.</summary>
/// <remarks>Each kind has a variable of its own, because the runner's <c>--explicit on</c> would run all kinds.</remarks>
[AttributeUsage(AttributeTargets.Method)]
public sealed class FactWhenSetAttribute : FactAttribute
{
    public FactWhenSetAttribute(
        string variable, [CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
        : base(sourceFilePath, sourceLineNumber)
    {
        Variable = variable;
        Explicit = string.IsNullOrEmpty(Environment.GetEnvironmentVariable(variable));
    }

    public string Variable { get; }
}

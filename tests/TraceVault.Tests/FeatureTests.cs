using System.Collections;
using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using TraceVault.Settings;

namespace TraceVault.Tests;

/// <summary>The server is made of features. Each can be deleted with its lines in <c>Program.cs</c>, if nothing below it is left.</summary>
public class FeatureTests
{
    /// <summary>How each feature is added, in the order of the folders.</summary>
    private static readonly MethodInfo[] Added =
    [
        .. from folder in Folders.Order
           from feature in typeof(Program).Assembly.GetTypes()
           where feature.Name.EndsWith("Feature", StringComparison.Ordinal) && feature.Namespace == $"TraceVault.{folder.Replace('/', '.')}"
           from method in feature.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly)
           where method.ReturnType == typeof(WebApplicationBuilder) && method.Name.StartsWith("Add", StringComparison.Ordinal)
           select method,
    ];

    /// <summary>
    /// As <c>GatewayFeature</c> is by <c>AddGateway</c>. But <c>AddLogging</c> is a name of the framework's.
    /// </summary>
    [Fact]
    public void Each_is_added_by_its_name()
    {
        Assert.Contains(Added, method => method.Name == "AddGateway");
        Assert.Empty(Added
            .Where(method => method.Name != (method.DeclaringType!.Name == "LoggingFeature" ? "AddLog" : AddOf(method.DeclaringType)))
            .Select(method => $"{method.DeclaringType}.{method.Name}"));
    }

    /// <summary>Builds the server without the features below, for each of them: what it needs is its own or comes from above.</summary>
    [Fact]
    public void Each_needs_only_those_above_it()
    {
        var settings = new SettingsReader([], new Hashtable(), folder: null);
        var builder = SettingsFeature.CreateBuilder(settings);
        foreach (var method in Added)
        {
            method.Invoke(null, method.GetParameters().Length == 1 ? [builder] : [builder, settings]);
            var problem = Record.Exception(
                () => builder.Services.BuildServiceProvider(new ServiceProviderOptions { ValidateOnBuild = true }).Dispose());
            Assert.True(problem is null, $"{method.Name}: {problem?.Message}");
        }
    }

    private static string AddOf(Type feature) => "Add" + feature.Name[..^"Feature".Length];
}

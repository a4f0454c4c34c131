using Microsoft.AspNetCore.Http.Metadata;

namespace TraceVault.Pages;

/// <summary>A field of a form. Replaces MVC's attribute of the same name, which would make every server load MVC.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
internal sealed class FromFormAttribute : Attribute, IFromFormMetadata
{
    public string? Name { get; init; }
}

/// <summary>A parameter of the query. Replaces MVC's attribute in the same way.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
internal sealed class FromQueryAttribute : Attribute, IFromQueryMetadata
{
    public string? Name { get; init; }
}

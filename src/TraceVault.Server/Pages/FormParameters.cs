using Microsoft.AspNetCore.Http.Metadata;

namespace TraceVault.Pages;

/// <summary>A field of a form. As MVC's attribute of the same name, which would have every server load MVC.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
internal sealed class FromFormAttribute : Attribute, IFromFormMetadata
{
    public string? Name { get; init; }
}

/// <summary>A parameter of the query, likewise.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
internal sealed class FromQueryAttribute : Attribute, IFromQueryMetadata
{
    public string? Name { get; init; }
}

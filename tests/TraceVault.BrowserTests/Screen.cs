namespace TraceVault.BrowserTests;

/// <summary>A size that pages are looked at in, in CSS pixels.</summary>
/// <param name="Name">In the names of pictures.</param>
/// <param name="IsPictured">Whether pictures of this size are kept.</param>
internal sealed record Screen(string Name, int Width, int Height, bool IsPictured = false)
{
    /// <summary>What WCAG 2.2 asks for (1.4.10, Reflow).</summary>
    public static readonly Screen Narrowest = new("narrowest", 320, 640);

    public static readonly Screen Phone = new("phone", 390, 844, IsPictured: true);
    public static readonly Screen Desktop = new("desktop", 1280, 800, IsPictured: true);
    public static readonly Screen Wall = new("wall", 3840, 2160);

    public Task ShowAsync(IPage page) => page.SetViewportSizeAsync(Width, Height);
}

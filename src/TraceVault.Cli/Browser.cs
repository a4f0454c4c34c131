using System.ComponentModel;
using System.Diagnostics;

namespace TraceVault.Cli;

/// <summary>Opens a page in the person's browser, where there is one.</summary>
internal static class Browser
{
    /// <returns>Null when there is no desktop here, or the person sits at another machine.</returns>
    public static Action<Uri>? Find(Func<string, string?> variable)
    {
        if (variable("SSH_CONNECTION") is not null || variable("SSH_TTY") is not null)
        {
            return null;
        }

        if (OperatingSystem.IsWindows())
        {
            return url => Start(new(url.AbsoluteUri) { UseShellExecute = true });
        }

        if (OperatingSystem.IsMacOS())
        {
            return url => Start(InBackground("open", url));
        }

        return (variable("DISPLAY") ?? variable("WAYLAND_DISPLAY")) is null ? null : url => Start(InBackground("xdg-open", url));
    }

    /// <summary>The opener's output does not mix with ours, Ctrl-C does not reach it, and nothing waits for it.</summary>
    private static ProcessStartInfo InBackground(string opener, Uri url) =>
        new("/bin/sh", ["-c", $"{opener} \"$0\" </dev/null >/dev/null 2>&1 &", url.AbsoluteUri]);

    private static void Start(ProcessStartInfo start)
    {
        try
        {
            Process.Start(start)?.Dispose();
        }
        catch (Win32Exception)
        {
            // The link is on the screen anyway.
        }
    }
}

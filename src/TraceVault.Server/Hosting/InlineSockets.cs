using System.Globalization;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace TraceVault.Hosting;

/// <summary>
/// Sockets whose events are handled on the thread that waits for them, without a hand-over to the thread pool. Decision 14 says why.
/// </summary>
/// <remarks>Nothing may block there: the thread's other sockets would have to wait.</remarks>
internal static class InlineSockets
{
    /// <summary>Makes the runtime wait for events on one thread per core. To be called before the first socket is made.</summary>
    public static void Prepare()
    {
        // https://github.com/dotnet/runtime/blob/main/src/libraries/System.Net.Sockets/src/System/Net/Sockets/SocketAsyncEngine.Unix.cs
        const string Threads = "DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT";
        if (Environment.GetEnvironmentVariable(Threads) is null)
        {
            Environment.SetEnvironmentVariable(Threads, Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>
    /// The runtime has a public switch for the whole process (<c>DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS</c>), but none for one
    /// socket.
    /// </summary>
    public static void Prefer(Socket socket)
    {
        if (!OperatingSystem.IsWindows()) // Windows has completion ports, and no such property
        {
            PreferInlineCompletions(socket, true);
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_PreferInlineCompletions")]
    private static extern void PreferInlineCompletions(Socket socket, bool value);
}

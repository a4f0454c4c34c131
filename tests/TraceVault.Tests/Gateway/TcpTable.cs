using System.Globalization;

namespace TraceVault.Tests.Gateway;

/// <summary>What Linux says about this machine's TCP sockets (<c>/proc/net/tcp</c>, see proc_pid_net(5)).</summary>
internal static class TcpTable
{
    public static IEnumerable<TcpRow> Read() =>
        File.ReadLines("/proc/net/tcp").Skip(1).Concat(File.ReadLines("/proc/net/tcp6").Skip(1)).Select(line =>
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return new TcpRow(PortOf(fields[1]), PortOf(fields[2]), Hex(fields[3]), Hex(fields[5].Split(':')[0]), TimeSpan.FromSeconds(
                Hex(fields[5].Split(':')[1]) / 100.0));
        });

    private static int PortOf(string address) => Hex(address.Split(':')[1]);

    private static int Hex(string text) => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}

/// <param name="LocalPort">The port on this side.</param>
/// <param name="RemotePort">The port on the other side.</param>
/// <param name="State">1 is established, 2 waits for an answer to its SYN.</param>
/// <param name="Timer">Which timer runs; 2 is that of the next probe of a silent connection.</param>
/// <param name="Due">When that timer ends.</param>
internal sealed record TcpRow(int LocalPort, int RemotePort, int State, int Timer, TimeSpan Due)
{
    public const int Established = 1, SynSent = 2, KeepAlive = 2;
}

"""Where things are, and the ports and cores of a run."""
import os
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / "bench"
BUILT = ROOT / "artifacts" / "bench"
WORK = BUILT / "work"  # deleted when the run ends
LOGS = BUILT / "logs"

# bench/run publishes it there.
SERVER = ROOT / "artifacts" / "release" / ("linux-arm64" if os.uname().machine == "aarch64" else "linux-x64") / "tracevault-server"
BARE_YARP = ROOT / "artifacts" / "publish" / "BareYarp" / "release" / "bare-yarp"
SEED = ROOT / "artifacts" / "bin" / "Seed" / "release" / "TraceVault.Seed"

UPSTREAM_PORT, FIRST_PORT = 22001, 22010

# The proxy has a core to itself; the load and the upstream share another.
PROXY_CORES, LOAD_CORES = {0}, {1}
FREE_CORES = PROXY_CORES | LOAD_CORES

# As Anthropic's look; the upstream refuses requests without one.
UPSTREAM_KEY = "sk-ant-api03-" + "A" * 95


def program(name: str) -> str:
    """Debian keeps servers in folders that are not in an ordinary user's PATH."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin") or name

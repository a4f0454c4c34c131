"""What the operating system says about processes and about the machine."""
import os
import platform
import subprocess
import time
from datetime import datetime, timezone
from pathlib import Path

import places

_TICKS = os.sysconf("SC_CLK_TCK")
_COMPILER = ".NET Tiered Com"  # the kernel keeps 15 characters of a thread's name


def tree(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            for child in Path(f"/proc/{pid}/task/{task}/children").read_text().split():
                found += tree(int(child))
    except OSError:
        pass
    return found


def cpu_seconds(pid: int) -> float:
    """User and system time of the tree: utime + stime of /proc/PID/stat, but in nanoseconds rather than in ticks of 10 ms."""
    total = 0.0
    for each in tree(pid):
        try:
            total += time.clock_gettime((~each << 3) | 2)  # the CPU clock of a process, as clock_getcpuclockid(3) makes it
        except OSError:
            pass
    return total


def cpu_ticks(pid: int) -> tuple[int, int]:
    """User and system time of the tree in ticks: enough to tell the share of each."""
    user = system = 0
    for each in tree(pid):
        try:
            fields = Path(f"/proc/{each}/stat").read_text().rsplit(")", 1)[1].split()
            user, system = user + int(fields[11]), system + int(fields[12])
        except OSError:
            pass
    return user, system


def memory_kib(pid: int) -> int:
    """Resident set of the tree."""
    total = 0
    for each in tree(pid):
        try:
            for line in Path(f"/proc/{each}/smaps_rollup").read_text().splitlines():
                if line.startswith("Rss:"):
                    total += int(line.split()[1])
        except OSError:
            pass
    return total


def compiler_seconds(pid: int) -> dict[str, float]:
    """CPU of the threads in which .NET compiles what is hot once more. They end when there is nothing left to do."""
    found = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            if (task / "comm").read_text().strip() == _COMPILER:
                found[task.name] = int((task / "schedstat").read_text().split()[0]) / 1e9
        except OSError:
            pass
    return found


def machine_seconds() -> tuple[float, float]:
    """CPU time that all cores spent on work, and that the hypervisor gave to others meanwhile."""
    user, nice, system, _idle, _wait, irq, softirq, steal = [int(field) for field in Path("/proc/stat").read_text().split(None, 9)[1:9]]
    return (user + nice + system + irq + softirq) / _TICKS, steal / _TICKS


def describe() -> dict:
    """Machine, date and commit, for the head of the results."""
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), platform.machine())
    memory = int(Path("/proc/meminfo").read_text().split()[1])
    changed = _first_line("git", "status", "--porcelain", "--untracked-files=no")
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "memory_gib": round(memory / 2**20, 1),
        "kernel": platform.release(),
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": (_first_line("git", "rev-parse", "--short=10", "HEAD") or "unknown") + ("-changed" if changed else ""),
        "nginx": _first_line(places.program("nginx"), "-v").removeprefix("nginx version: nginx/"),
        "haproxy": _first_line(places.program("haproxy"), "-v").removeprefix("HAProxy version ").split()[0],
        "dotnet": _first_line("dotnet", "--version"),
    }


def _first_line(*command: str) -> str:
    result = subprocess.run(command, capture_output=True, text=True, cwd=places.ROOT)
    return "".join((result.stdout or result.stderr).strip().splitlines()[:1])

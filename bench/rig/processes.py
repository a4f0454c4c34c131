"""The processes of a run. None outlives it, however it ends."""
import ctypes
import os
import signal
import subprocess
from pathlib import Path

_running: list[subprocess.Popen] = []
_libc = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1
_STOP_WITHIN = 10


class Interrupted(Exception):
    """Somebody asked for the run to stop."""


def start(command: list, cores: set[int] | None = None, environment: dict | None = None, log: Path | None = None, **options) -> subprocess.Popen:
    def prepare() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)  # for a runner that was killed and could stop nothing
        if cores:
            os.sched_setaffinity(0, cores)

    output = open(log, "ab") if log else subprocess.DEVNULL
    try:
        options = {"stdout": output, "stderr": output, **options}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("TRACEVAULT_")}
        # In a session of its own, so that Ctrl-C reaches the runner alone, which then stops things in their order.
        process = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.DEVNULL, env={**inherited, **(environment or {})}, start_new_session=True, preexec_fn=prepare, **options)
    finally:
        if log:
            output.close()
    _running.append(process)
    return process


def stop(process: subprocess.Popen) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_STOP_WITHIN)
        except subprocess.TimeoutExpired:
            pass
    try:
        os.killpg(process.pid, signal.SIGKILL)  # the whole session: nginx has workers
    except ProcessLookupError:
        pass
    process.wait()
    if process in _running:
        _running.remove(process)


def run(command: list, what: str, **options) -> str:
    """What a helper prints; it is an error when it fails."""
    process = start(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    out, err = process.communicate()
    stop(process)
    if process.returncode:
        raise SystemExit(f"{what} failed with exit code {process.returncode}:\n{(err or out)[-2000:]}")
    return out


def stop_all() -> None:
    """The latest first: the load ends before the proxies, and no proxy waits for requests that still run."""
    for process in reversed(_running[:]):
        stop(process)


def stop_on_signals() -> None:
    def interrupt(number, _frame):
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)  # a second one must not disturb the clearing up
        raise Interrupted(signal.Signals(number).name)

    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, interrupt)

"""What is measured, and how each is started."""
import contextlib
import http.client
import json
import resource
import shutil
import sqlite3
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

import places
import processes

_READY_WITHIN = 30
_PROXY_PATH = "/proxy/anthropic/v1/messages"

# The default of ours: enough that 10,000 streams stay below the 256 at a time of a user.
USERS = 64


@dataclass
class Contender:
    name: str
    what: str
    port: int
    command: Callable[["Contender"], list] | None = None
    path: str = _PROXY_PATH
    environment: dict = field(default_factory=dict)
    is_dotnet: bool = False
    users: int = 0  # of ours: how many its database holds
    capture: str = ""  # of ours: what it records; empty for its default
    process: subprocess.Popen | None = None

    @property
    def log(self) -> Path:
        return places.LOGS / f"{self.name}.log"

    @property
    def tokens(self) -> Path:
        return places.WORK / f"tokens-{self.users}"

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    def start(self, cores: set[int]) -> float:
        """Returns how long it took until it served, in seconds from the start of its process."""
        if not self.command:
            return 0
        command, environment = self.command(self), dict(self.environment)
        if self.users:
            environment |= _settings(self)
        self.log.write_bytes(b"")
        began = time.monotonic()
        self.process = processes.start(command, cores, environment, self.log, cwd=places.WORK)
        while not self._serves():
            if self.process.poll() is not None or time.monotonic() - began > _READY_WITHIN:
                raise SystemExit(f"{self.name} did not start; the end of {self.log}:\n{self.log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.001)
        return time.monotonic() - began

    def stop(self) -> None:
        if self.process:
            processes.stop(self.process)
        self.process = None

    def _serves(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            if self.users:
                connection.request("GET", "/readyz")
            else:
                connection.request("POST", self.path, json.dumps({"model": "mock-json-100"}), {"content-type": "application/json"})
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def _configured(name: str, contender: Contender) -> Path:
    text = (places.BENCH / "rig" / "conf" / name).read_text()
    values = {"PORT": contender.port, "UPSTREAM": places.UPSTREAM_PORT, "WORK": places.WORK, "KEY": places.UPSTREAM_KEY, "STREAMS": most_streams()}
    for key, value in values.items():
        text = text.replace("$" + key, str(value))
    path = places.WORK / name
    path.write_text(text)
    return path


def most_streams() -> int:
    """How many streams a proxy can hold with the files it may open: two a stream, and some for itself."""
    return min(16000, (resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 300) // 2)


def _settings(contender: Contender) -> dict:
    data = places.WORK / f"data-{contender.name}"
    if not data.exists():
        shutil.copytree(prepare_users(contender.users), data)
        if contender.capture:
            with contextlib.closing(sqlite3.connect(data / "tracevault.db")) as database, database:
                database.execute("update capture_policy set mode = ?", (contender.capture,))
    return {
        "TRACEVAULT_DATA_DIR": str(data),
        "TRACEVAULT_URLS": f"http://127.0.0.1:{contender.port}",
        "TRACEVAULT_ANTHROPIC_URL": f"http://127.0.0.1:{places.UPSTREAM_PORT}",
    }


def prepare_users(count: int) -> Path:
    """A data folder with that many users; the servers get copies. Their tokens are beside it, and so are those for contenders without users."""
    data, tokens = places.WORK / f"data-of-{count}-users", places.WORK / f"tokens-{count}"
    if not count:
        tokens.write_text(places.UPSTREAM_KEY + "\n")
    elif not data.exists():
        processes.run([places.SEED, count, places.UPSTREAM_KEY, tokens], "Making the users", environment={"TRACEVAULT_DATA_DIR": str(data)}, cwd=places.WORK)
    return data


def _nginx(contender: Contender) -> list:
    return [places.program("nginx"), "-e", "stderr", "-p", places.WORK, "-c", _configured("nginx.conf", contender)]


def _haproxy(contender: Contender) -> list:
    return [places.program("haproxy"), "-db", "-f", _configured("haproxy.cfg", contender)]


def _bare_yarp(contender: Contender) -> list:
    return [places.BARE_YARP, contender.port, f"http://127.0.0.1:{places.UPSTREAM_PORT}", places.UPSTREAM_KEY]


def _ours(
    name: str, what: str, port: int, users: int = USERS, server: Path = places.SERVER, capture: str = "", **environment: str
) -> Contender:
    return Contender(name, what, port, lambda _: [server], environment=environment, is_dotnet=True, users=users, capture=capture)


_next = iter(range(places.FIRST_PORT, places.FIRST_PORT + 80))

BASE = [
    Contender("direct", "no proxy: the load on the upstream itself", places.UPSTREAM_PORT, path="/v1/messages"),
    Contender("nginx", "nginx, one worker, nothing buffered", next(_next), _nginx),
    Contender("haproxy", "HAProxy, one thread", next(_next), _haproxy),
    Contender("yarp", "YARP's forwarder alone, its defaults, no log", next(_next), _bare_yarp, is_dotnet=True),
    _ours("ours", "TraceVault as published, its defaults: sign-in, vault, allow-lists, metrics and request log on", next(_next)),
]

# Ours under other settings of the environment. They run under load only, not in the scenarios of memory, start and growth.
VARIANTS = [
    _ours("ours-quiet", "ours without the request log", next(_next), TRACEVAULT_LOG_LEVEL="warning"),
    _ours("ours-off", "ours without recording", next(_next), capture="off"),
    _ours("ours-full", "ours, which records every byte", next(_next), capture="full"),
]

ALL = BASE + VARIANTS


def before(server: Path) -> Contender:
    return _ours("ours-before", f"another build of ours, {server}", next(_next), server=server)


def with_users(count: int) -> Contender:
    return _ours(f"ours-{count}-users", f"ours with {count:,} users, all of them sending", next(_next), count)

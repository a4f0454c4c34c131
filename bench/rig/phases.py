"""The steps of a run: which contender is started, warmed, loaded and stopped when."""
import json
import os
import resource
import subprocess
import time
from dataclasses import dataclass, replace
from typing import Callable

import contenders as all_contenders
import measuring
import places
import processes
import scenarios
from contenders import Contender
from scenarios import Hold, Load

# A repetition during which others used more than this much of a core is made again.
_OTHERS_LIMIT, _STEAL_LIMIT = 0.25, 0.10

# The compiler has caught up when it did next to nothing in so many rounds on end.
_COMPILER_IDLE, _IDLE_ROUNDS, _PAUSE = 0.005, 2, 0.5

_BEFORE_WITHIN = 60  # seconds for the requests that are sent before a measurement


@dataclass
class Step:
    label: str
    seconds: float  # about how long it takes
    act: Callable[[], str | None]  # returns what it found, in a few words


class Bench:
    """What all steps of a run share."""

    def __init__(self, chosen: list[Contender], repetitions: int, is_quick: bool, record: Callable[[dict], None]):
        self.chosen, self.repetitions, self.is_quick, self._record = chosen, repetitions, is_quick, record
        self.attempts = 2 if is_quick else 4
        self.warm_rounds = 3 if is_quick else 40
        self.upstream: subprocess.Popen | None = None

    def start_upstream(self) -> None:
        self.upstream = processes.start([places.BUILT / "upstream", places.UPSTREAM_PORT], places.LOAD_CORES, log=places.LOGS / "upstream.log")
        time.sleep(0.2)
        if self.upstream.poll() is not None:
            raise SystemExit(f"Port {places.UPSTREAM_PORT} is taken. See what listens there (ss -ltnp) and run bench/run again.")

    def record(self, contender: Contender, scenario: str, repetition: int, values: dict) -> None:
        self._record({"scenario": scenario, "contender": contender.name, "repetition": repetition, **values})

    # --- one load -------------------------------------------------------------------------------------------------------------

    def start_load(self, contender: Contender, arguments: list, cores: set[int]) -> subprocess.Popen:
        command = [places.BUILT / "load", "-p", contender.port, "-t", contender.path, "-k", contender.tokens, *arguments]
        return processes.start(command, cores, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def finish_load(self, load: subprocess.Popen) -> dict:
        out, err = load.communicate()
        processes.stop(load)
        if load.returncode:
            raise SystemExit(f"The load generator failed: {err.strip() or load.returncode}")
        return json.loads(out)

    def measure(self, contender: Contender, load: Load) -> dict:
        """The least disturbed of a few attempts; most of the time the first."""
        best = None
        for attempt in range(1, self.attempts + 1):
            result = self._measure_once(contender, load)
            if best is None or result["others"] + result["steal"] < best["others"] + best["steal"]:
                best = result
            best["attempts"] = attempt
            best["disturbed"] = best["others"] > _OTHERS_LIMIT or best["steal"] > _STEAL_LIMIT
            if not best["disturbed"]:
                break
        if contender.process:
            os.truncate(contender.log, 0)  # a log of a line a request would fill the disk
        return best

    def _measure_once(self, contender: Contender, load: Load) -> dict:
        cores = places.FREE_CORES if load.free_cores else places.LOAD_CORES
        if load.before:
            self.finish_load(self.start_load(contender, [*replace(load, seconds=_BEFORE_WITHIN).arguments(), "-n", load.before], cores))
        upstream, pid = self.upstream.pid, contender.pid
        began, (busy, steal) = time.monotonic(), measuring.machine_seconds()
        proxy_cpu, proxy_ticks = (measuring.cpu_seconds(pid), measuring.cpu_ticks(pid)) if pid else (0, (0, 0))
        before = measuring.cpu_seconds(upstream) + _own_seconds()
        result = self.finish_load(self.start_load(contender, load.arguments(), cores))
        own_cpu = measuring.cpu_seconds(upstream) + _own_seconds() - before
        if pid:
            proxy_cpu = measuring.cpu_seconds(pid) - proxy_cpu
            user, system = (after - earlier for after, earlier in zip(measuring.cpu_ticks(pid), proxy_ticks))
            result |= {
                # All that was sent counts, the warm-up too: it was worked on as well.
                "cpu_us_per_request": proxy_cpu / max(1, result["issued"]) * 1e6,
                "user_share": user / max(1, user + system),
                "memory_mib": measuring.memory_kib(pid) / 1024,
            }
            if load.events:
                result["cpu_us_per_event"] = result["cpu_us_per_request"] / load.events
        wall, (busy_after, steal_after) = time.monotonic() - began, measuring.machine_seconds()
        return result | {
            "proxy_cores": proxy_cpu / wall,
            "load_cores": own_cpu / wall,
            "others": max(0.0, (busy_after - busy - proxy_cpu - own_cpu) / wall),
            "steal": (steal_after - steal) / wall,
        }

    # --- warming --------------------------------------------------------------------------------------------------------------

    def warm(self, contender: Contender, rounds: int | None = None) -> dict:
        """
        Rounds of load with pauses until .NET has compiled anew what is hot: on one saturated core its compiler thread gets no time, and
        what is measured then is code that was never optimised.
        """
        rounds, idle, spent = rounds or (self.warm_rounds if contender.is_dotnet else 1), 0, 0.0
        for made in range(1, rounds + 1):
            before = measuring.compiler_seconds(contender.pid) if contender.is_dotnet else {}
            for load in scenarios.WARMING:
                self.finish_load(self.start_load(contender, load.arguments(), places.LOAD_CORES))
                time.sleep(_PAUSE if contender.is_dotnet else 0)
            if contender.is_dotnet:
                spent = sum(now - before.get(thread, 0) for thread, now in measuring.compiler_seconds(contender.pid).items())
            idle = idle + 1 if spent < _COMPILER_IDLE else 0
            if contender.process:
                os.truncate(contender.log, 0)
            if idle == _IDLE_ROUNDS:
                break
        return {"rounds": made, "compiler_ms_in_last_round": round(spent * 1000, 1), "still": idle >= _IDLE_ROUNDS or not contender.is_dotnet}

    def start_warm(self, contender: Contender, cores: set[int], scenario: str) -> Step:
        round_seconds = sum(load.seconds for load in scenarios.WARMING) + len(scenarios.WARMING) * _PAUSE

        def act() -> str:
            contender.start(cores)
            warmed = self.warm(contender)
            self.record(contender, "warming", 0, {"before": scenario, **warmed})
            return f"{warmed['rounds']} rounds" + ("" if warmed["still"] else f", compiler still busy: {warmed['compiler_ms_in_last_round']} ms in the last")

        return Step(f"warming {contender.name}", (round_seconds * min(self.warm_rounds, 15)) if contender.is_dotnet else 3, act)


def _own_seconds() -> float:
    """The runner, and the loads that it has waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def loads(bench: Bench, chosen: list[Load], contenders: list[Contender], repetitions: int) -> list[Step]:
    """All contenders run; within each repetition they take turns, so that a ratio is between neighbours in time."""
    if not chosen:
        return []
    cores = places.FREE_CORES if chosen[0].free_cores else places.PROXY_CORES
    steps = [bench.start_warm(contender, cores, chosen[0].name) for contender in contenders]

    def measured(load: Load, contender: Contender, repetition: int) -> Step:
        def act() -> str:
            result = bench.measure(contender, load)
            bench.record(contender, load.name, repetition, result)
            cpu = f", {result['cpu_us_per_request']:.1f} us of CPU each" if contender.process else ""
            trouble = result["failed"] + result["refused"] + result["incomplete"]
            return (f"{result['requests_per_second']:,.0f} requests/s{cpu}" + (f", {trouble} FAILED ({result.get('refused_with', 'broken')})" if trouble else "")
                    + (f", DISTURBED by {result['others']:.2f} cores" if result["disturbed"] else ""))

        return Step(f"{load.name}, {contender.name}, {repetition} of {repetitions}", load.total_seconds + 0.4, act)

    for repetition in range(1, repetitions + 1):
        steps += [measured(load, contender, repetition) for load in chosen for contender in contenders]
    return steps + [_stopping(contenders)]


def _stopping(contenders: list[Contender]) -> Step:
    def act() -> None:
        for contender in contenders:
            contender.stop()

    return Step("stopping", 1, act)


def holds(bench: Bench, chosen: list[Hold], contenders: list[Contender], repetitions: int) -> list[Step]:
    """Each in a new process: memory that an earlier crowd left behind would hide what this one needs."""
    def held(hold: Hold, contender: Contender, repetition: int) -> Step:
        def act() -> str:
            streams = min(hold.streams, all_contenders.most_streams())
            contender.start(places.PROXY_CORES)
            bench.warm(contender, rounds=2)
            time.sleep(1)
            base = peak = measuring.memory_kib(contender.pid)
            cpu, began = measuring.cpu_seconds(contender.pid), time.monotonic()
            load = bench.start_load(contender, hold.arguments(streams), places.LOAD_CORES)
            while load.poll() is None:
                time.sleep(0.5)
                peak = max(peak, measuring.memory_kib(contender.pid))
            wall = time.monotonic() - began
            result = bench.finish_load(load) | {"proxy_cores": (measuring.cpu_seconds(contender.pid) - cpu) / wall}
            contender.stop()
            result |= {"streams": streams, "base_mib": base / 1024, "peak_mib": peak / 1024, "kib_per_stream": (peak - base) / streams}
            bench.record(contender, hold.name, repetition, result)
            return f"{result['kib_per_stream']:.1f} KiB a stream, {result['ok']:,} of {streams:,} complete" + (f", refused with {result['refused_with']}" if result["refused"] else "")

        return Step(f"{hold.name}, {contender.name}, {repetition} of {repetitions}", 2 + hold.ramp + hold.seconds + (10 if contender.is_dotnet else 4), act)

    proxies = [contender for contender in contenders if contender.command]
    return [held(hold, contender, repetition) for repetition in range(1, repetitions + 1) for hold in chosen for contender in proxies]


def starts(bench: Bench, contenders: list[Contender]) -> list[Step]:
    def started(contender: Contender, repetition: int) -> Step:
        def act() -> str:
            ready = contender.start(places.FREE_CORES)
            time.sleep(5)
            result = {"ready_ms": ready * 1000, "idle_mb": measuring.memory_kib(contender.pid) * 1024 / 1e6}
            contender.stop()
            bench.record(contender, scenarios.START, repetition, result)
            return f"ready after {result['ready_ms']:.0f} ms, {result['idle_mb']:.0f} MB"

        return Step(f"start, {contender.name}, {repetition} of {bench.repetitions}", 6.5, act)

    proxies = [contender for contender in contenders if contender.command]
    return [started(contender, repetition) for repetition in range(1, bench.repetitions + 1) for contender in proxies]


def growth(bench: Bench, load: Load, repetitions: int) -> list[Step]:
    """Ours twice, with few users and with many; nginx beside them, because a figure alone says nothing."""
    crowds = [all_contenders.with_users(count) for count in scenarios.GROWTH_USERS]

    def prepare() -> None:
        for contender in crowds:
            all_contenders.prepare_users(contender.users)

    beside = [contender for contender in bench.chosen if contender.name == "nginx"]
    return [Step("making 10,000 users", 20, prepare)] + loads(bench, [load], beside + crowds, repetitions)

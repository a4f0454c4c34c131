"""The goals for ours, whether a run shows that they hold, and what the others reach in the same run."""
from dataclasses import dataclass
from typing import Callable

import scenarios
from results import Results


@dataclass(frozen=True)
class Goal:
    what: str
    must: float
    aim: float
    unit: str
    measure: Callable[[Results, str], float | None]  # of a contender
    more_is_better: bool = False

    def meets(self, value: float, limit: float) -> bool:
        return value >= limit if self.more_is_better else value <= limit

    def verdict(self, value: float | None) -> str:
        if value is None or value < 0:  # less than the direct way takes: that one was disturbed
            return "not measured"
        return "aim" if self.meets(value, self.aim) else "must" if self.meets(value, self.must) else "MISSED"


def _to_nginx(scenario: str, *path: str) -> Callable:
    return lambda results, contender: results.ratio(scenario, contender, "nginx", *path)


def _added(scenario: str, *path: str) -> Callable:
    return lambda results, contender: results.added(scenario, contender, *path)


def _median(scenario: str, *path: str) -> Callable:
    return lambda results, contender: results.median(scenario, contender, *path)


def _least_complete(results: Results, contender: str) -> float | None:
    held = results.of("hold-10000", contender).values()
    return min(row["ok"] / row["streams"] for row in held) if held and all(row["streams"] == 10000 for row in held) else None


def _growth(*path: str) -> Callable:
    few, many = (f"ours-{count}-users" for count in scenarios.GROWTH_USERS)
    return lambda results, contender: results.ratio(scenarios.GROWTH, many, few, *path) if contender == "ours" else None


def _linear(results: Results, contender: str) -> float | None:
    few, many = results.median("hold-4000", contender, "kib_per_stream"), results.median("hold-10000", contender, "kib_per_stream")
    return many / few if few and many else None


GOALS = [
    Goal("CPU per 2 KB request, saturated", 1.9, 1.5, "× nginx", _to_nginx("json-2k", "cpu_us_per_request")),
    Goal("CPU per 100 KB request", 1.4, 1.2, "× nginx", _to_nginx("json-100k", "cpu_us_per_request")),
    Goal("CPU per request at a calm 500/s", 2, 1.3, "× nginx", _to_nginx("calm", "cpu_us_per_request")),
    Goal("CPU per paced SSE event", 2, 1.5, "× nginx", _to_nginx("sse-paced", "cpu_us_per_event")),
    Goal("requests per second on one core, 2 KB", 0.5, 0.65, "× nginx", _to_nginx("json-2k", "requests_per_second"), more_is_better=True),
    Goal("added latency at 500/s, p50, both cores free", 120, 80, "µs", _added("calm-free", "latency_us", "p50")),
    Goal("added latency at 500/s, p99, both cores free", 600, 300, "µs", _added("calm-free", "latency_us", "p99")),
    Goal("added delay per paced event, p50", 60, 30, "µs", _added("sse-paced", "event_delay_us", "p50")),
    Goal("added delay per paced event, p99", 600, 300, "µs", _added("sse-paced", "event_delay_us", "p99")),
    Goal("time to first event, added, p50", 250, 130, "µs", _added("sse-paced", "first_event_us", "p50")),
    Goal("memory per open stream, 4,000 held", 32, 16, "KiB", _median("hold-4000", "kib_per_stream")),
    Goal("10,000 streams held: complete", 1, 1, "of all", _least_complete, more_is_better=True),
    Goal("idle memory", 90, 50, "MB", _median(scenarios.START, "idle_mb")),
    Goal("time to ready", 500, 200, "ms", _median(scenarios.START, "ready_ms")),
    Goal("growth: CPU per request with 10,000 users", 1.1, 1.1, "× that with 10", _growth("cpu_us_per_request")),
    Goal("growth: memory per stream, 10,000 held", 1.25, 1.25, "× that of 4,000", _linear),
]

"""The scenarios: what the load does in each. Times are in seconds."""
from dataclasses import dataclass, replace

EVENTS = 60


@dataclass(frozen=True)
class Load:
    name: str
    title: str
    model: str
    seconds: float
    warm: float
    connections: int
    rate: int = 0  # a second; 0: a closed loop, as fast as the contender answers
    body: int = 2048
    events: int = 0  # in an answer
    free_cores: bool = False
    before: int = 0  # so many requests are sent just before, unmeasured

    @property
    def total_seconds(self) -> float:
        return self.before / 5000 + self.warm + self.seconds + (EVENTS * 0.02 if self.events and self.rate else 0)

    def arguments(self) -> list:
        rate = ["-r", self.rate] if self.rate else []
        return ["-m", self.model, "-d", self.seconds, "-w", self.warm, "-c", self.connections, "-b", self.body, *rate]

    def quick(self) -> "Load":
        return replace(self, seconds=max(0.8, min(3, self.seconds / 4)), warm=max(0.3, self.warm / 2) if not self.events or not self.rate else self.warm)


_JSON, _PACED = "mock-json-1500", f"mock-sse-{EVENTS}-20000"

LOADS = [
    Load("json-2k", "2 KB requests, JSON answers of 1.5 KB, saturated", _JSON, 3, 0.5, 32),
    Load("json-100k", "100 KB requests, JSON answers of 1.5 KB, saturated", _JSON, 3, 0.5, 16, body=102400),
    Load("sse-full", f"event streams of {EVENTS} events at full speed, saturated", f"mock-sse-{EVENTS}-0", 3, 0.5, 16, events=EVENTS),
    # Warm for as long as a stream lasts: then as many end as begin.
    Load("sse-paced", "event streams, an event every 20 ms, 80 new streams a second: 4,800 events a second", _PACED, 4, 1.5, 400, rate=80, events=EVENTS),
    Load("calm", "a calm 500 requests of 2 KB a second", _JSON, 4, 0.5, 64, rate=500),
    Load("calm-free", "a calm 500 requests of 2 KB a second, both cores free for all", _JSON, 4, 0.5, 64, rate=500, free_cores=True),
]

# What a .NET contender is warmed with, round after round.
WARMING = [
    Load("warming", "", _JSON, 1, 0, 16),
    Load("warming", "", _JSON, 0.6, 0, 16, body=102400),
    Load("warming", "", f"mock-sse-{EVENTS}-0", 0.6, 0, 16, events=EVENTS),
    Load("warming", "", "mock-sse-20-5000", 0.6, 0, 16, events=20),
]

@dataclass(frozen=True)
class Hold:
    """Streams that are open all at once. They are quiet, as while a model thinks: the memory is asked for, and 10,000 busy ones would fill a core."""
    streams: int
    gap: float = 2  # between two events of a stream

    @property
    def name(self) -> str:
        return f"hold-{self.streams}"

    @property
    def title(self) -> str:
        return f"{self.streams:,} streams held open, an event every {self.gap:g} seconds in each"

    @property
    def ramp(self) -> float:
        return max(1.0, self.streams / 1000)

    @property
    def seconds(self) -> float:
        """That a stream lasts: the first must not be over before the last has been open for a while."""
        return self.ramp + 3 * self.gap

    def quick(self) -> "Hold":
        return replace(self, gap=1)

    def arguments(self, streams: int) -> list:
        return ["-m", f"mock-sse-{int(self.seconds / self.gap)}-{int(self.gap * 1e6)}", "-c", streams, "-o", int(self.ramp * 1000), "-s", 4]


HOLDS = [Hold(1000), Hold(4000), Hold(10000)]

START, GROWTH = "start", "growth"
GROWTH_USERS = [10, 10000]

# Before: every session is used, and so in memory. Then as long as one is served from there before it is read again.
GROWTH_LOAD = Load(GROWTH, "", _JSON, 30, 0.5, 32, before=max(GROWTH_USERS))

NAMES = [each.name for each in LOADS + HOLDS] + [START, GROWTH]

TITLES = {each.name: each.title for each in LOADS + HOLDS} | {
    START: "from nothing: time until the first request is answered (ours: /readyz says 200), memory 5 seconds later, both cores free",
    GROWTH: "2 KB requests, saturated, from 10 and from 10,000 users with live sessions and stored keys, all of them sending",
}

"""The results as Markdown: a table a scenario, and the goals."""
import scenarios
from goals import GOALS
from results import RIVALS, Results


def number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def markdown(results: Results) -> str:
    head = results.head
    parts = [
        f"# Load results, {head['date']}, commit {head['commit']}",
        f"{head['cpu']}, {head['cores']} cores, {head['memory_gib']} GiB, Linux {head['kernel']}; nginx {head['nginx']}, HAProxy {head['haproxy']}, .NET SDK {head['dotnet']}.\n"
        f"Medians of {head['repetitions']}; a ratio is the median of the ratios within the repetitions. {_caution(results)}",
        "## Goals\n\n" + goals(results),
    ]
    for name in scenarios.NAMES:
        if results.contenders(name):
            columns = _HOLD if name.startswith("hold-") else _START if name == scenarios.START else _load_columns(results, name)
            parts.append(f"## {name}\n\n{scenarios.TITLES[name][0].upper()}{scenarios.TITLES[name][1:]}.\n\n" + _table(results, name, columns))
    parts.append("## Contenders\n\n" + "\n".join(f"- {name}: {what}." for name, what in head["contenders"].items()))
    return "\n\n".join(parts) + "\n"


def goals(results: Results) -> str:
    others = [name for name in RIVALS if any(name in results.contenders(scenario) for scenario in scenarios.NAMES)]
    lines = ["| | must | aim | ours | | " + " | ".join(others) + " |", "|---" * (5 + len(others)) + "|"]
    for goal in GOALS:
        value = goal.measure(results, "ours")
        shown = f"{number(value)} {goal.unit}" if value is not None else ""
        theirs = [number(goal.measure(results, name)) for name in others]
        cells = [goal.what, f"{goal.must:g} {goal.unit}", f"{goal.aim:g} {goal.unit}", shown, goal.verdict(value), *theirs]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _caution(results: Results) -> str:
    cautions = []
    if results.head["quick"]:
        cautions.append("**A quick run shows that the rig works; its figures are too short to be quoted.**")
    disturbed = sum(1 for row in results.rows if row.get("disturbed"))
    if disturbed:
        cautions.append(f"**{disturbed} measurements stayed disturbed by other work on the machine.**")
    for name in scenarios.NAMES:
        fewer = [row["streams"] for row in results.rows if row["scenario"] == name and f"hold-{row.get('streams')}" != name and "streams" in row]
        if fewer:
            cautions.append(f"**{name} held {min(fewer):,}: a process may open no more files here (ulimit -n).**")
    cold = [row["contender"] for row in results.rows if row["scenario"] == "warming" and not row["still"]]
    if cold:
        cautions.append(f"**The compiler had not caught up when these were measured: {', '.join(dict.fromkeys(cold))}.**")
    return " ".join(cautions)


# A column: its head, and what it holds for a scenario and a contender.
def _median(*path: str, scale: float = 1):
    def cell(results: Results, scenario: str, contender: str) -> str:
        value = results.median(scenario, contender, *path)
        return number(value * scale if value is not None else None)
    return cell


def _pair(key: str):
    return lambda results, scenario, contender: " / ".join(filter(None, (number(results.median(scenario, contender, key, each)) for each in ("p50", "p99"))))


def _ratio(other: str, *path: str):
    def cell(results: Results, scenario: str, contender: str) -> str:
        ratios = results.ratios(scenario, contender, other, *path)
        spread = f" ({number(min(ratios))} to {number(max(ratios))})" if contender != other and len(ratios) > 1 else ""
        return number(results.ratio(scenario, contender, other, *path)) + spread
    return cell


def _load_columns(results: Results, scenario: str) -> list:
    load = next((each for each in scenarios.LOADS if each.name == scenario), scenarios.LOADS[0])
    per, unit = ("cpu_us_per_event", "event") if load.events else ("cpu_us_per_request", "request")
    columns = [("requests/s", _median("requests_per_second")), (f"CPU µs per {unit}", _median(per))]
    columns += [(f"÷ {rival}", _ratio(rival, per)) for rival in RIVALS if rival in results.contenders(scenario)]
    columns += [("÷ ours", _ratio("ours", per))] if "ours-before" in results.contenders(scenario) else []
    columns.append(("latency p50 / p99 µs", _pair("latency_us")))
    if load.events:
        columns[-1:] = [("events/s", _median("events_per_second")), ("first event p50 / p99 µs", _pair("first_event_us")), ("event delay p50 / p99 µs", _pair("event_delay_us"))]
    return columns + [
        ("user share", _median("user_share")),
        ("RSS MiB", _median("memory_mib")),
        ("proxy cores", _median("proxy_cores")),
        ("load cores", _median("load_cores")),
        ("others", _median("others")),
        ("steal", _median("steal")),
        ("errors", lambda results, scenario, contender: str(results.total(scenario, contender, "failed", "refused", "incomplete"))),
    ]


_HOLD = [
    ("KiB per stream", _median("kib_per_stream")),
    *[(f"÷ {rival}", _ratio(rival, "kib_per_stream")) for rival in RIVALS],
    ("RSS before MiB", _median("base_mib")),
    ("RSS peak MiB", _median("peak_mib")),
    ("complete", lambda results, scenario, contender: f"{min(results.values(scenario, contender, 'ok').values()):,}"),
    ("event delay p50 / p99 µs", _pair("event_delay_us")),
    ("proxy cores", _median("proxy_cores")),
]

_START = [
    ("ready after ms", _median("ready_ms")),
    *[(f"÷ {rival}", _ratio(rival, "ready_ms")) for rival in RIVALS],
    ("RSS idle MB", _median("idle_mb")),
    *[(f"÷ {rival}", _ratio(rival, "idle_mb")) for rival in RIVALS],
]


def _table(results: Results, scenario: str, columns: list) -> str:
    rows = [[contender, *(cell(results, scenario, contender) for _, cell in columns)] for contender in results.contenders(scenario)]
    # A ratio to a contender that took no part would be an empty column.
    kept = [0] + [i for i in range(1, len(columns) + 1) if any(row[i] for row in rows)]
    heads = ["", *(head for head, _ in columns)]
    lines = ["| " + " | ".join(heads[i] for i in kept) + " |", "|" + "---|" * len(kept)]
    return "\n".join(lines + ["| " + " | ".join(row[i] for i in kept) + " |" for row in rows])

"""Runs the load rig. bench/run builds everything and calls this."""
import argparse
import fcntl
import os
import resource
import shutil
import signal
import sys
import time
from pathlib import Path

import contenders
import measuring
import phases
import places
import processes
import scenarios
import table
from phases import Bench, Step
from results import Results

_FULL_REPETITIONS, _QUICK_REPETITIONS = 5, 1

# Two files a stream, 10,000 streams, and what a server needs for itself.
_FILES = 65536


def main() -> int:
    options = _options()
    processes.stop_on_signals()
    _raise_open_files()
    alone = open(places.BUILT / "lock", "w")
    try:
        fcntl.flock(alone, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise SystemExit("Another run is going on in this folder. Wait for it, or stop it (Ctrl-C where it runs).") from None
    shutil.rmtree(places.WORK, ignore_errors=True)
    places.WORK.mkdir(mode=0o700, parents=True)
    places.LOGS.mkdir(exist_ok=True)
    try:
        return _run(options)
    except processes.Interrupted as signalled:
        print(f"\nStopped by {signalled}. What was measured so far is in {options.out}/*.jsonl.", file=sys.stderr)
        return 128 + getattr(signal, str(signalled))
    finally:
        processes.stop_all()
        shutil.rmtree(places.WORK, ignore_errors=True)


def _run(options: argparse.Namespace) -> int:
    head = measuring.describe() | {"quick": options.quick, "repetitions": options.reps, "contenders": {each.name: each.what for each in options.only}}
    options.out.mkdir(parents=True, exist_ok=True)
    name = time.strftime("%Y%m%d-%H%M%S", time.gmtime()) + "-" + head["commit"] + ("-quick" if options.quick else "")
    results = Results(options.out / f"{name}.jsonl")
    results.begin(head)
    bench = Bench(options.only, options.reps, options.quick, results.add)
    for users in {contender.users for contender in options.only}:
        contenders.prepare_users(users)
    contenders.prepare_users(0)
    bench.start_upstream()
    began = time.monotonic()
    _take(_steps(bench, options))
    report = options.out / f"{name}.md"
    report.write_text(table.markdown(results))
    print(f"\n{table.markdown(results)}\nWritten to {report} after {_minutes(time.monotonic() - began)}; the single measurements are beside it (.jsonl).")
    return 0


def _steps(bench: Bench, options: argparse.Namespace) -> list[Step]:
    wanted = options.scenarios
    few = min(3, bench.repetitions)  # of what takes long and varies little
    chosen = [load.quick() if bench.is_quick else load for load in scenarios.LOADS if load.name in wanted]
    base = [each for each in bench.chosen if each not in contenders.VARIANTS]
    steps = phases.loads(bench, [load for load in chosen if not load.free_cores], bench.chosen, bench.repetitions)
    steps += phases.loads(bench, [load for load in chosen if load.free_cores], base, bench.repetitions)
    held = [hold.quick() if bench.is_quick else hold for hold in scenarios.HOLDS if hold.name in wanted]
    steps += phases.holds(bench, held, base, few)
    if scenarios.START in wanted:
        steps += phases.starts(bench, base)
    if scenarios.GROWTH in wanted:
        steps += phases.growth(bench, scenarios.GROWTH_LOAD.quick() if bench.is_quick else scenarios.GROWTH_LOAD, few)
    return steps


def _take(steps: list[Step]) -> None:
    """The time left is what the steps are meant to take, corrected by how the ones so far have kept to it."""
    began, planned_so_far, planned = time.monotonic(), 0.0, sum(step.seconds for step in steps)
    for count, step in enumerate(steps, 1):
        pace = (time.monotonic() - began) / planned_so_far if planned_so_far > 30 else 1
        left = _minutes((planned - planned_so_far) * pace)
        print(f"[{count}/{len(steps)}, {left} left] {step.label}", end="", flush=True)
        found = step.act()
        print(f": {found}" if found else "", flush=True)
        planned_so_far += step.seconds


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench/run", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Measures TraceVault beside nginx, HAProxy and a bare YARP forwarder, and says which goals hold. See bench/README.md.",
        epilog="Contenders:\n" + "\n".join(f"  {each.name:12} {each.what}" for each in contenders.ALL)
        + "\n\nScenarios:\n" + "\n".join(f"  {name:12} {scenarios.TITLES[name]}" for name in scenarios.NAMES))
    parser.add_argument("--quick", action="store_true", help="every scenario, once and briefly: shows that the rig works, not how fast anything is")
    parser.add_argument("--only", metavar="NAMES", type=_contenders, default=contenders.ALL, help="contenders, separated by commas (default: all)")
    parser.add_argument("--before", metavar="FILE", type=Path, help="another build of the server (of the same database schema), as contender ours-before: what a change has brought")
    parser.add_argument("--scenarios", metavar="NAMES", type=_scenarios, help="scenarios, separated by commas (default: all; with --quick all but hold-4000)")
    parser.add_argument("--reps", metavar="N", type=int, help=f"repetitions (default: {_FULL_REPETITIONS}, with --quick {_QUICK_REPETITIONS}; hold and growth at most 3)")
    parser.add_argument("--out", metavar="FOLDER", type=Path, default=places.BENCH / "results", help="where the tables go (default: bench/results)")
    options = parser.parse_args()
    if options.before:
        if not os.access(options.before, os.X_OK):
            parser.error(f"--before: {options.before} is no program")
        options.only = options.only + [contenders.before(options.before.resolve())]
    options.reps = options.reps or (_QUICK_REPETITIONS if options.quick else _FULL_REPETITIONS)
    options.scenarios = options.scenarios or [name for name in scenarios.NAMES if not options.quick or name not in _NOT_QUICK]
    if not places.FREE_CORES <= os.sched_getaffinity(0):
        parser.error(f"the rig needs the processor cores {sorted(places.FREE_CORES)}: one for the proxy, one for the load; places.py names them")
    return options


# What would take most of a quick run and shows nothing that the others do not.
_NOT_QUICK = {"hold-4000"}


def _contenders(text: str) -> list:
    return _named(text, {each.name: each for each in contenders.ALL}, "contender")


def _scenarios(text: str) -> list:
    return _named(text, {name: name for name in scenarios.NAMES}, "scenario")


def _named(text: str, known: dict, what: str) -> list:
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in known:
            raise argparse.ArgumentTypeError(f"there is no {what} {name!r}; there are {', '.join(known)}")
    return [each for name, each in known.items() if name in names]


def _raise_open_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for limit in ((_FILES, max(hard, _FILES)), (min(_FILES, hard), hard)):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, limit)
            return
        except (ValueError, OSError):
            pass  # only root may raise the second of the two


if __name__ == "__main__":
    sys.exit(main())

"""teachtf and TensorFlow turn about, on the same cores in one go: a row is a program, its figure the ratio of medians.

    python tests/benchmarks/bench.py --oracle .venv-oracle/bin/python [--rows TEXT ...] [--write]

Each row is built in two processes that stay alive; then they are timed by turns, a short burst each, so that a noisy minute
hits both. `--write` keeps the table in `RESULTS.md`.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rows import ROWS

HERE = Path(__file__).parent
TURNS = 7  # bursts of each side
BURST = 0.25  # seconds that a burst takes at least


class Side:
    def __init__(self, python: str, name: str) -> None:
        command, pipe = [python, str(HERE / "worker.py"), name], subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)

    def ask(self, what: str, value: Any = None) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([what, value]) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def compare(name: str, sides: dict[str, Side]) -> dict[str, Any]:
    """The times of a row on teachtf's side and on its peer's: first call with building, median and quartiles of the steady
    state."""
    result: dict[str, Any] = {"row": name}
    counts = {}
    for key, side in sides.items():
        first = side.ask("build", name)
        if isinstance(first, str):
            return {"row": name, "error": f"{key}: {first}"}
        result[f"{key} first"] = first
        side.ask("settle")
        counts[key] = max(1, math.ceil(BURST / min(side.ask("time", 3))))
    times: dict[str, list[float]] = {key: [] for key in sides}
    for _ in range(TURNS):
        for key, side in sides.items():
            times[key] += side.ask("time", counts[key])
    for key, values in times.items():
        quarters = statistics.quantiles(values, n=4) if len(values) > 1 else [values[0]] * 3
        result[key] = statistics.median(values)
        result[f"{key} spread"] = (quarters[2] - quarters[0]) / result[key]
    ours, peer = sides
    result["ratio"] = result[peer] / result[ours]
    return result


def shown(seconds: float) -> str:
    for unit, scale in (("s", 1.0), ("ms", 1e3), ("µs", 1e6)):
        if seconds * scale >= 1 or unit == "µs":
            return f"{seconds * scale:.3g} {unit}"
    raise AssertionError


def table(results: list[dict[str, Any]], peer: str, more: dict[str, Callable[[dict[str, Any]], str]] | None = None) -> str:
    """The results as Markdown; `more` has a function of a result for each further column."""
    more = more or {}
    heads = ["row", f"{peer} / teachtf", "teachtf", peer, "spread", "first call: teachtf", peer, *more]
    lines = [f"| {' | '.join(heads)} |", "|---|" + "--:|" * (len(heads) - 1)]
    for r in results:
        if "error" in r:
            lines.append(f"| {r['row']} | {r['error'][:80]} |" + " |" * (len(heads) - 2))
            continue
        times = shown(r["teachtf"]), shown(r[peer]), f"{r['teachtf spread']:.0%}, {r[f'{peer} spread']:.0%}"
        firsts = shown(r["teachtf first"]), shown(r[f"{peer} first"])
        cells = [r["row"], f"**{r['ratio']:.2f}**", *times, *firsts, *(column(r) for column in more.values())]
        lines.append(f"| {' | '.join(cells)} |")
    ratios = [r["ratio"] for r in results if "ratio" in r]
    if ratios:
        lines += ["", f"Geometric mean of the {len(ratios)} rows: {statistics.geometric_mean(ratios):.2f}."]
    return "\n".join(lines)


def machine() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
        model = next(line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name"))
        count = text.count("\nprocessor") + text.startswith("processor")
    except (OSError, StopIteration):
        model, count = platform.processor(), 0
    return f"{model}, {count} CPUs, {platform.system()}, Python {platform.python_version()}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--oracle", required=True, help="a Python that has TensorFlow")
    parser.add_argument("--rows", nargs="*", default=[""], help="only rows whose name has one of these texts in it")
    parser.add_argument("--write", action="store_true", help="write RESULTS.md")
    arguments = parser.parse_args()
    sides = {"teachtf": Side(sys.executable, "teachtf"), "TensorFlow": Side(arguments.oracle, "tensorflow")}
    results = []
    for name in ROWS:
        if any(text in name for text in arguments.rows):
            results.append(compare(name, sides))
            print(table(results[-1:], "TensorFlow").splitlines()[2], flush=True)
    memory = {key: side.ask("memory") for key, side in sides.items()}
    imports = {key: side.ask("import") for key, side in sides.items()}
    for side in sides.values():
        side.close()
    mebibytes = {key: size >> 20 for key, size in memory.items()}
    ends = [
        f"Peak memory, all rows in one process: teachtf {mebibytes['teachtf']} MiB, TensorFlow {mebibytes['TensorFlow']} MiB.",
        f"Import: teachtf {shown(imports['teachtf'])}, TensorFlow {shown(imports['TensorFlow'])}.",
    ]
    text = "\n\n".join([f"# Benchmarks\n\n{machine()}. Written by `make bench`.", table(results, "TensorFlow"), *ends]) + "\n"
    print(text)
    if arguments.write:
        (HERE / "RESULTS.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

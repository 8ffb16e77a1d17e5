"""teachtf and PyTorch turn about, on one NVIDIA GPU: as `bench.py`, with the share of the GPU's copy bandwidth that rows reach
whose time goes to memory.

    python tests/benchmarks/gpu.py --torch PYTHON [--rows TEXT ...] [--write]

Without `--torch` it only looks for a GPU. `--write` keeps the table in `RESULTS_GPU.md`.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
from typing import Any

from bench import HERE, Side, compare, machine, table
from gpu_rows import COPY, MOVED, TEACHTF

_COPIES = 20
_OURS = "from teachtf.runtime.gpus import visible_gpus; import sys; sys.exit(not visible_gpus())"
_THEIRS = "import torch, sys; sys.exit(not torch.cuda.is_available())"


def check(python: str, program: str, lacking: str) -> None:
    """Ends the benchmark with what to do if `program` fails."""
    answer = subprocess.run([python, "-c", program], capture_output=True, text=True)
    if answer.returncode:
        last = answer.stderr.strip().splitlines()[-1:]
        sys.exit("\n".join([lacking, *last]))


def gpu_name(python: str) -> str:
    program = "import torch; print(torch.cuda.get_device_name(0), '; PyTorch', torch.__version__)"
    return subprocess.run([python, "-c", program], capture_output=True, text=True, check=True).stdout.strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--torch", help="a Python that has PyTorch for CUDA")
    parser.add_argument("--rows", nargs="*", default=[""], help="only rows whose name has one of these texts in it")
    parser.add_argument("--write", action="store_true", help="write RESULTS_GPU.md")
    arguments = parser.parse_args()
    check(
        sys.executable,
        _OURS,
        "teachtf sees no GPU here: this takes an NVIDIA GPU with its driver, and teachtf[gpu] (docs/gpu.md).",
    )
    if arguments.torch is None:
        return
    check(arguments.torch, _THEIRS, f"{arguments.torch} has no PyTorch that sees the GPU: pip install torch.")
    sides = {"teachtf": Side(sys.executable, "gpu"), "PyTorch": Side(arguments.torch, "torch")}
    sides["PyTorch"].ask("build", COPY)
    bandwidth = MOVED[COPY] / statistics.median(sides["PyTorch"].ask("time", _COPIES))

    def share(result: dict[str, Any]) -> str:
        moved = MOVED.get(result["row"])
        return "" if moved is None else f"{moved / result['teachtf'] / bandwidth:.0%}"

    results = []
    for name in TEACHTF:
        if any(text in name for text in arguments.rows):
            results.append(compare(name, sides))
            print(table(results[-1:], "PyTorch").splitlines()[2], flush=True)
    for side in sides.values():
        side.close()
    head = f"# Benchmarks on a GPU\n\n{gpu_name(arguments.torch)}; {machine()}. Written by `make bench-gpu`."
    end = f"A copy on the GPU moves {bandwidth / 1e9:.0f} GB/s."
    text = "\n\n".join([head, table(results, "PyTorch", {"share of copy bandwidth": share}), end]) + "\n"
    print(text)
    if arguments.write:
        (HERE / "RESULTS_GPU.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

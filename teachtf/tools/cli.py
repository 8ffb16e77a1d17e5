"""The `teachtf` command: one function a subcommand, each importing what it needs when it is asked for.

teachtf lab [FOLDER]               copy the lessons to a folder and open them in JupyterLab
teachtf run SCRIPT [ARG ...]       run a TensorFlow 1 script, unchanged
teachtf inspect_checkpoint FILE    show what a checkpoint holds
teachtf warm                       compile the kernels now, so that nothing waits for them later
teachtf doctor                     say what is installed and whether it works here
teachtf version
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from teachtf.tools.env import ToolError, version


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line `arguments` (without the program's name; default: the process's own) and return the exit
    status: 0 for success, 1 for a failure that was explained on stderr, 2 for a command line that makes no sense.

    >>> main(["run", "no_such_file.py"])  # the reason stands on stderr
    1
    """
    parsed = _parser().parse_args(arguments)
    try:
        return parsed.function(parsed) or 0
    except ToolError as error:
        print(f"teachtf {parsed.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `teachtf ... | head` closed the pipe: nothing is left to say, and nowhere to say it
        sys.stderr.close()
        return 141


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="teachtf", description="TensorFlow 1's graph mode, alive: lessons, scripts and checkpoints."
    )
    parser.add_argument("--version", action="version", version=f"teachtf {version()}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    lab = commands.add_parser("lab", help="copy the lessons to a folder and open them in JupyterLab")
    lab.add_argument("folder", nargs="?", type=Path, default=Path("teachtf-lessons"), help="default: %(default)s")
    lab.add_argument("--no-browser", action="store_true", help="start the server and print its address")
    lab.add_argument("--port", type=int, help="the server's port (default: Jupyter's choice)")
    lab.add_argument("--copy-only", action="store_true", help="copy the lessons and open nothing")
    lab.set_defaults(function=_lab)

    run = commands.add_parser("run", help="run a TensorFlow 1 script with `import tensorflow` answered by teachtf")
    run.add_argument("script", type=Path)
    run.add_argument("arguments", nargs=argparse.REMAINDER, help="given to the script as they are")
    run.set_defaults(function=_run)

    inspect = commands.add_parser("inspect_checkpoint", help="show the tensors of a checkpoint")
    inspect.add_argument("file", help="the prefix, such as model.ckpt-100, or one of its files, or its folder")
    inspect.add_argument("--tensor_name", metavar="NAME", help="print this tensor's values")
    inspect.add_argument("--all_tensors", action="store_true", help="print every tensor's values")
    inspect.set_defaults(function=_inspect_checkpoint)

    warm = commands.add_parser("warm", help="compile the kernels now")
    warm.set_defaults(function=_warm)

    doctor = commands.add_parser("doctor", help="say what is installed and whether it works here")
    doctor.set_defaults(function=_doctor)

    show_version = commands.add_parser("version", help="print the version")
    show_version.set_defaults(function=_version)
    return parser


def _lab(parsed: argparse.Namespace) -> int:
    from teachtf.tools.lab import open_lab

    return open_lab(parsed.folder, browser=not parsed.no_browser, port=parsed.port, copy_only=parsed.copy_only)


def _run(parsed: argparse.Namespace) -> int:
    from teachtf.tools.legacy_script import run_script

    return run_script(parsed.script, parsed.arguments)


def _inspect_checkpoint(parsed: argparse.Namespace) -> None:
    from teachtf.tools.inspect_checkpoint import describe

    for line in describe(parsed.file, tensor_name=parsed.tensor_name, all_tensors=parsed.all_tensors):
        print(line)


def _warm(parsed: argparse.Namespace) -> None:
    try:
        from teachtf.kernels.warm import warm
    except ImportError as error:
        raise ToolError(f"the kernels cannot be compiled here: {error}; `teachtf doctor` says more") from error
    warm(report=print)


def _doctor(parsed: argparse.Namespace) -> int:
    from teachtf.tools.doctor import diagnose

    return diagnose()


def _version(parsed: argparse.Namespace) -> None:
    print(f"teachtf {version()}")


if __name__ == "__main__":
    sys.exit(main())

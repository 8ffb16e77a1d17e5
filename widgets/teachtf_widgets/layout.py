"""From DOT text to SVG or PNG, by the `graphviz-pure` program of the wheel of that name, or by a system `dot`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Literal

Engine = Literal["pure", "dot"]


def program(engine: Engine = "pure") -> str:
    """Returns the path of the layout program. Raises RuntimeError with the next step when it is not installed."""
    if engine == "dot":
        found = shutil.which("dot")
        hint = "Install Graphviz (apt-get install graphviz), or leave engine='dot' out."
    elif engine == "pure":
        folders = [str(Path(sys.executable).parent), sysconfig.get_path("scripts"), os.environ.get("PATH", "")]
        found = shutil.which("graphviz-pure", path=os.pathsep.join(folders))
        hint = "Run: pip install graphviz-pure"
    else:
        raise ValueError(f"engine must be 'pure' or 'dot', not {engine!r}")
    if not found:
        raise RuntimeError(f"No program to lay out graphs was found (engine={engine!r}). {hint}")
    return found


def render(dot: str, form: Literal["svg", "png"], engine: Engine = "pure", dpi: int = 96) -> bytes:
    """Lays out DOT text and returns the bytes of the picture."""
    command = [program(engine), f"-T{form}"] + ([f"-Gdpi={dpi}"] if form == "png" else [])
    done = subprocess.run(command, input=dot.encode(), capture_output=True, timeout=120, check=False)
    if done.returncode or not done.stdout:
        raise RuntimeError(f"{command[0]} could not draw the graph: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def inline_svg(svg: str, smallest: float = 0.55) -> str:
    """Prepares Graphviz' SVG for a page: no prolog, no ids that several pictures would share, a size that adapts.

    The picture shrinks with the page down to `smallest` of its natural size, then scrolls, so that text stays legible.
    """
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<title>[^<]*</title>\s*", "", svg)
    svg = re.sub(r' id="[^"]*"', "", svg)
    width = re.search(r'<svg width="([\d.]+)pt"', svg)
    points = float(width.group(1)) if width else 600.0
    style = f"max-width:100%;min-width:{points * smallest * 4 / 3:.0f}px"
    return svg.replace("<svg ", f'<svg style="{style}" role="img" ', 1)


def small_svg(svg: str) -> str:
    """Takes away what an image of the SVG never shows: comments, ids and tooltips."""
    svg = re.sub(r"<!--.*?-->\s*|<title>[^<]*</title>\s*", "", svg, flags=re.DOTALL)
    return re.sub(r' (?:id|xlink:title|class)="[^"]*"', "", svg)


def write_atomically(path: str | os.PathLike[str], data: bytes) -> None:
    """Writes a file so that a reader finds the old one or the new one, never half of it."""
    target = Path(path)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        # mkstemp makes the file private; a picture gets the mode that open() would give.
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise

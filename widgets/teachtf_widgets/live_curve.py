"""`live_curve`: a loss that draws itself while a training loop runs."""

from __future__ import annotations

import time
from typing import Any

from .chart import chart_css, chart_svg
from .display import running_shell
from .page import page_picture

#: A series is thinned to half when it grows beyond this, so that a long training costs no more than a short one.
MOST_POINTS = 600


class LiveCurve:
    """Curves of a training, redrawn in place a few times a second.

    It is an SVG that the kernel sends anew, not a widget: it stays in the saved notebook as it stood, needs no browser
    to listen, and costs a loop without a notebook next to nothing.
    """

    def __init__(self, total: int | None = None, title: str = "", every: float = 0.25) -> None:
        self.total = total
        self.title = title
        self.every = every
        self.step = 0.0
        self.series: dict[str, list[tuple[float, float]]] = {}
        self._stride: dict[str, int] = {}
        self._seen: dict[str, int] = {}
        self._latest: dict[str, tuple[float, float]] = {}
        self._drawn_at = float("-inf")
        self._stale = False
        self._handle: Any = None
        self._shell: Any = None

    def update(self, step: float, **values: Any) -> None:
        """Takes the values of one step, by name: `curve.update(step, loss=0.3, accuracy=0.9)`."""
        self.step = float(step)
        for name, value in values.items():
            point = (self.step, float(value))
            seen = self._seen.get(name, 0)
            self._seen[name] = seen + 1
            self._latest[name] = point
            points = self.series.setdefault(name, [])
            if seen % self._stride.setdefault(name, 1) == 0:
                points.append(point)
                if len(points) > MOST_POINTS:
                    del points[1::2]
                    self._stride[name] *= 2
        self._stale = True
        if time.monotonic() - self._drawn_at >= self.every:
            self.draw()

    def draw(self) -> None:
        """Draws what there is now. Happens by itself while training and when the cell ends."""
        self._drawn_at = time.monotonic()
        self._stale = False
        shell = _notebook()
        if shell is None:
            return
        if self._handle is None:
            from IPython.display import display

            self._handle = display(self, display_id=True)
            self._shell = shell
            shell.events.register("post_run_cell", self._cell_ended)
        else:
            self._handle.update(self)

    def close(self) -> None:
        """Draws the last values. Use `with live_curve(...) as curve:` to have it done."""
        self.draw()
        self._forget_shell()

    def svg(self) -> str:
        """Returns the chart as a standing SVG document."""
        shown = {}
        for name, points in self.series.items():
            latest = self._latest[name]
            shown[name] = points if points and points[-1] == latest else [*points, latest]
        return chart_svg(shown, title=self.title, step=self.step, total=self.total)

    def _cell_ended(self, *_: Any) -> None:
        if self._stale:
            self.draw()
        self._forget_shell()

    def _forget_shell(self) -> None:
        if self._shell is not None:
            self._shell.events.unregister("post_run_cell", self._cell_ended)
            self._shell = None

    def __enter__(self) -> LiveCurve:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        svg = self.svg()
        return {"text/plain": repr(self), "text/html": page_picture(svg, svg, chart_css(), "ttf-chart", repr(self))}

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value:.4g}" for name, (_, value) in self._latest.items())
        progress = f"{self.step:g} of {self.total}" if self.total else f"{self.step:g}"
        return f"<LiveCurve {self.title or 'training'}: step {progress}{', ' + values if values else ''}>"


def _notebook() -> Any:
    """Returns the IPython shell when a notebook is there to draw in, else None."""
    shell = running_shell()
    return shell if getattr(shell, "kernel", None) is not None else None


def live_curve(total: int | None = None, title: str = "", every: float = 0.25) -> LiveCurve:
    """Makes curves to update in a training loop.

    Args:
        total: how many steps there will be, for the progress bar; left out, no bar is drawn.
        title: stands above the curves.
        every: seconds between two drawings at most.

    Returns:
        A LiveCurve. Outside a notebook it only collects; `.svg()` draws.

    Example:

        curve = live_curve(total=1000, title="digits")
        for step in range(1000):
            _, loss_value = session.run([train, loss], feed)
            curve.update(step + 1, loss=loss_value)
    """
    return LiveCurve(total, title, every)

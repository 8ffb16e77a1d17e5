"""The anywidget behind `.widget()`. Imported on first use: ipywidgets is slow to import and not needed to draw."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from .page import STATIC, script


class SelectWidget(anywidget.AnyWidget):
    """A table or tree that lets Python know which row is selected."""

    _esm = script() + (STATIC / "widget.js").read_text(encoding="utf-8")
    content = traitlets.Unicode().tag(sync=True)
    selected = traitlets.Unicode().tag(sync=True)

    def __init__(self, *, content: str, fallback: str, summary: str) -> None:
        super().__init__(content=content)
        self._fallback = fallback
        self._summary = summary

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        # For pages that know no widgets, such as nbconvert's and GitHub's.
        return ({**(data or {}), "text/html": self._fallback, "text/plain": self._summary}, metadata)

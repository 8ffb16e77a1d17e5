"""What tables and trees share: HTML for pages, text for terminals, a widget that tells Python of clicks."""

from __future__ import annotations

import hashlib
from typing import Any

from .page import block, fragment


class HtmlView:
    """A table or a tree. A notebook draws it; `.widget()` gives a version whose `selected` follows the mouse."""

    def __init__(self, body: str, text: str) -> None:
        self._body = body
        self._text = text
        self._mark = hashlib.sha256(body.encode()).hexdigest()[:12]

    def html(self) -> str:
        """Returns an HTML fragment with its style sheet and script."""
        return fragment(self._body, self._mark)

    def widget(self) -> Any:
        """Returns an anywidget of the same content; its `selected` trait is the name of the row last clicked, or ''.

        Example:

            table = tensor_table().widget()
            table.observe(lambda change: print(change.new), "selected")
            table
        """
        from .widget import SelectWidget

        return SelectWidget(content=block(self._body, self._mark), fallback=self.html(), summary=self._text)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": self._text, "text/html": self.html()}

    def __repr__(self) -> str:
        return self._text

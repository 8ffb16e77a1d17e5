"""Makes text in a picture as wide as the layout took it to be.

The layout measures text in Helvetica. A reader's machine may have no such font and take a wider one, which would run
out of its shape. Each text gets its width written down, so that a browser sets whatever font it has to fit.
"""

from __future__ import annotations

import re
from html import unescape

#: Advance widths of Helvetica for the characters 32 to 126, in thousandths of the size (Adobe's core font metrics).
_REGULAR = (
    "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 278 "
    "278 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722 "
    "667 944 667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 556 "
    "556 333 500 278 556 500 722 500 500 500 334 260 334 584 "
)
_BOLD = (
    "278 333 474 556 556 889 722 238 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 333 "
    "333 584 584 584 611 975 722 722 722 722 667 611 778 722 278 556 722 611 833 722 778 667 778 722 667 611 722 "
    "667 944 667 667 611 333 278 333 584 556 333 556 611 556 611 556 333 611 611 278 278 556 278 889 611 611 611 "
    "611 389 556 333 611 556 778 556 556 500 389 280 389 584 "
)
WIDTHS = {False: tuple(map(int, _REGULAR.split())), True: tuple(map(int, _BOLD.split()))}
FAMILY = "Helvetica,Arial,'Liberation Sans',Arimo,sans-serif"


def text_width(text: str, size: float, bold: bool = False) -> float | None:
    """Returns the width of a text in Helvetica, or None where a character is not plain ASCII.

    >>> text_width("add", 10.0)
    16.68
    """
    codes = [ord(character) - 32 for character in text.replace("\u00a0", " ")]
    if not all(0 <= code < 95 for code in codes):
        return None
    return round(sum(WIDTHS[bold][code] for code in codes) * size / 1000, 2)


def with_widths(svg: str) -> str:
    """Writes the width of every text into an SVG of Graphviz, and a list of fonts to take."""

    def one(match: re.Match[str]) -> str:
        attributes, content = match.group(1), match.group(2)
        size = re.search(r'font-size="([\d.]+)"', attributes)
        width = text_width(unescape(content), float(size.group(1)) if size else 14.0, 'font-weight="bold"' in attributes)
        attributes = re.sub(r'font-family="[^"]*"', f'font-family="{FAMILY}"', attributes)
        fit = f' textLength="{width}" lengthAdjust="spacingAndGlyphs"' if width else ""
        return f"<text{attributes}{fit}>{content}</text>"

    return re.sub(r"<text([^>]*)>([^<]*)</text>", one, svg)

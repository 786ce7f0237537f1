"""How numbers and texts look on the pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from markupsafe import Markup, escape

from plumbline.site.values import Point

CODE = re.compile(r"`([^`]+)`")
STRONG = re.compile(r"\*\*([^*]+)\*\*")
WIDTH, HEIGHT, MARGIN = 180, 44, 4


def prose(text: str) -> Markup:
    """A description: escaped, with `code`, **strong** and paragraphs."""
    parts = re.split(r"\n\s*\n", text.strip())
    return Markup("".join(f"<p>{inline(part)}</p>" for part in parts if part))


def inline(text: str) -> Markup:
    """A short text: escaped, with `code` and **strong**."""
    coded = CODE.sub(r"<code>\1</code>", str(escape(text)))
    return Markup(STRONG.sub(r"<strong>\1</strong>", coded))


def number(value: float | None, unit: str) -> str:
    """A value in its unit, as people read it; NULL has a word of its own.

    Examples
    --------
    >>> number(0.9123, "ratio"), number(-1234.5, "usd"), number(None, "usd")
    ('0.9123', '-$1,234', 'no value')
    """
    if value is None:
        return "no value"
    if "usd" in unit.lower():
        return f"{'-' if value < 0 else ''}${abs(value):,.0f}"
    if "ratio" in unit.lower():
        return f"{value:.4f}".rstrip("0").rstrip(".") if abs(value) < 10 else f"{value:,.1f}"
    if float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:,.2f}" if abs(value) < 100 else f"{value:,.1f}"


def period(grain: str, start: date) -> str:
    """A period as people call it: 2026-01, Q1 2026, 2026, or the day it starts.

    Examples
    --------
    >>> period("quarter", date(2026, 4, 1)), period("week", date(2026, 4, 6))
    ('Q2 2026', '2026-04-06')
    """
    if grain == "month":
        return f"{start:%Y-%m}"
    if grain == "quarter":
        return f"Q{(start.month + 2) // 3} {start.year}"
    return str(start.year) if grain == "year" else start.isoformat()


def sparkline(points: Sequence[Point]) -> Markup:
    """A small line of values over time as inline SVG; periods without a value leave a gap."""
    known = [float(p.value) for p in points if p.value is not None]
    if len(known) < 2:
        return Markup("")
    low, high = min(known), max(known)
    step = (WIDTH - 2 * MARGIN) / max(len(points) - 1, 1)

    def place(index: int, value: float) -> str:
        share = (value - low) / (high - low) if high > low else 0.5
        return f"{MARGIN + index * step:.1f} {HEIGHT - MARGIN - share * (HEIGHT - 2 * MARGIN):.1f}"

    path, pen = "", "M"
    for index, point in enumerate(points):
        if point.value is None:
            pen = "M"
            continue
        path += f"{pen}{place(index, float(point.value))}"
        pen = "L"
    last = max(i for i, p in enumerate(points) if p.value is not None)
    x, y = place(last, float(points[last].value or 0)).split()
    title = escape(f"{points[0].period} to {points[-1].period}")
    return Markup(
        f'<svg class="spark" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">'
        f'<path d="{path}"/><circle cx="{x}" cy="{y}" r="3"/></svg>'
    )

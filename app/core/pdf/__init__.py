"""Paper: PDF documents, set by Typst from templates that stand beside the modules which use them.

Data reaches a template as JSON in ``sys.inputs`` and never as markup, so whatever people wrote stays what it is. A
template imports ``/core/pdf/paper.typ``, which reads the data and sets page, font and page numbers::

    #import "/core/pdf/paper.typ": data, paper
    #show: paper.with(title: "发票", foot: data.number)
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import typst

from app.core.db import dump
from app.core.turns import turns

_HOUSE = Path(__file__).parents[2]
_FONTS = Path(__file__).parent / "fonts"
_PARALLEL = 2

MAX_ROWS = 2000
"""No document has more rows: ten thousand take 900 MB and nine seconds (they are for sheets)."""


async def render(template: Path, data: Mapping[str, Any], *, at: datetime) -> bytes:
    """The PDF that ``template`` (a ``.typ`` file of ours) makes of ``data`` (anything JSON can say).

    The same data ``at`` the same time gives the same bytes. Call it with no transaction open: it takes a tenth of a
    second or more, in a thread, two at a time.
    """
    async with turns("pdf", _PARALLEL):
        return await asyncio.to_thread(_render, template, dump(data), at.astimezone(UTC))


def _render(template: Path, data: str, at: datetime) -> bytes:
    compiler = typst.Compiler(template, root=_HOUSE, font_paths=_fonts(), ignore_system_fonts=True)
    made = compiler.compile(format="pdf", sys_inputs={"data": data}, timestamp=int(at.timestamp()))
    if not isinstance(made, bytes):
        raise TypeError("a PDF is one piece of bytes")
    return made


@cache
def _fonts() -> typst.Fonts:
    """Ours alone, so that a document looks the same on every machine."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[_FONTS])

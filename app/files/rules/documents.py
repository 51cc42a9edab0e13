"""Documents are written anew from their pages alone: a PDF here is paper, which tells nothing more and does nothing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from app.core.errors import DomainError
from app.files.rules import PDF, Prepared, TooManyPages, UnreadableFile, UnsafeDocument, Variant

_HEAD = re.compile(rb"%PDF-(1\.[0-7]|2\.0)")
_HEAD_WITHIN = 1024
_PROGRAM = Path(__file__).with_name("stripping.py")
_MOST_SECONDS = 30
"""By the clock; the program gives itself half of that of a processor."""
_LEFT = ("SYSTEMROOT", "PATH")
"""What of our environment a program may need to start at all."""


def looks_like_document(content: bytes) -> bool:
    """Whether a PDF's header is where readers look for it."""
    return _HEAD.search(content[:_HEAD_WITHIN]) is not None


def prepare_document(content: bytes, *, most_pages: int) -> Prepared:
    """The pages of a document and nothing else: no metadata, attachments, scripts, links.

    Raises ``UnreadableFile`` (also for what takes too long or too much memory), ``UnsafeDocument`` (encrypted, or with
    forms, stamps or notes that would be lost) and ``TooManyPages``.
    """
    if not looks_like_document(content):
        raise UnreadableFile
    environment = {name: os.environ[name] for name in _LEFT if name in os.environ}
    command = [sys.executable, "-I", str(_PROGRAM), str(most_pages)]
    try:
        done = subprocess.run(  # noqa: S603 - our own program; what was uploaded is only its input
            command, input=content, capture_output=True, check=False, timeout=_MOST_SECONDS, env=environment
        )
    except subprocess.TimeoutExpired as error:
        raise UnreadableFile from error
    if done.returncode == 0:
        return Prepared(PDF, {Variant.FULL: done.stdout})
    refusals: dict[int, DomainError] = {66: UnsafeDocument(), 67: TooManyPages(most=most_pages)}
    raise refusals.get(done.returncode, UnreadableFile())

"""Documents are kept as they came, so they are looked through first: a PDF here is paper and can do nothing.

This is a net in front of people who open certificates, not a PDF reader: it looks for the names of everything that
acts (ISO 32000-1 §12.6, §7.6, §7.11.4) in the file's own text and in whatever it has packed away, and refuses what it
cannot look into. A document that merely prints such a name is refused too; that costs somebody a print to PDF.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from app.files.rules import PDF, Prepared, TooManyPages, UnreadableFile, UnsafeDocument, Variant

_HEAD = re.compile(rb"%PDF-(1\.[0-7]|2\.0)")
_HEAD_WITHIN, _END_WITHIN = 1024, 2048
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
_PACK = re.compile(rb"/ObjStm(?![A-Za-z0-9])")
_STREAM = re.compile(rb"stream\r?\n")
_OBJECT = re.compile(rb"[0-9]+ +[0-9]+ +obj\s*(<<)")
_DICTIONARY_BYTES = 2048
_PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z0-9])")
_ACTS = re.compile(
    rb"/(?:Encrypt|JavaScript|Launch|EmbeddedFiles?|RichMedia|XFA|AcroForm|SubmitForm|ImportData|GoToE|GoToR|Rendition)"
    rb"(?![A-Za-z0-9])"
)
_MOST_UNPACKED = 64 << 20


def looks_like_document(content: bytes) -> bool:
    """Whether a PDF's header is where readers look for it."""
    return _HEAD.search(content[:_HEAD_WITHIN]) is not None


def prepare_document(content: bytes, *, most_pages: int) -> Prepared:
    """The document, if it can only be read.

    Raises ``UnreadableFile`` (no end, no page, streams that do not unpack or unpack into too much),
    ``UnsafeDocument`` and ``TooManyPages``.
    """
    if not looks_like_document(content) or b"%%EOF" not in content[-_END_WITHIN:]:
        raise UnreadableFile
    pages = 0
    for text in _texts(content):
        plain = _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), text)
        if _ACTS.search(plain):
            raise UnsafeDocument
        pages += len(_PAGE.findall(plain))
    if not pages:
        raise UnreadableFile
    if pages > most_pages:
        raise TooManyPages(most=most_pages)
    return Prepared(PDF, {Variant.FULL: content})


def _texts(content: bytes) -> Iterator[bytes]:
    """The file itself, then every object stream unpacked."""
    yield content
    if len(_PACK.findall(_ESCAPE.sub(lambda escaped: bytes([int(escaped[1], 16)]), content))) > len(
        _PACK.findall(content)
    ):
        raise UnsafeDocument
    left = _MOST_UNPACKED
    for named in _PACK.finditer(content):
        dictionary, begin = _dictionary(content, named.start())
        if b"/Filter" not in dictionary:
            continue  # not packed, so seen already
        unpacked = _unpacked(content[begin:], left)
        left -= len(unpacked)
        yield unpacked


def _dictionary(content: bytes, named: int) -> tuple[bytes, int]:
    """The dictionary around an object stream's type, and where its stream begins.

    Raises ``UnsafeDocument`` for one that nobody writes but to hide what follows: very long, with comments or strings
    that could look like its ends, with its name spelt in escapes, packed in other ways than all writers do.
    """
    stream = _STREAM.search(content, named, named + _DICTIONARY_BYTES)
    heads = [*_OBJECT.finditer(content, max(0, named - _DICTIONARY_BYTES), named)]
    if stream is None or not heads:
        raise UnsafeDocument
    head = heads[-1]
    line = max(content.rfind(b"\n", 0, head.start()), content.rfind(b"\r", 0, head.start()))
    dictionary = content[head.start(1) : stream.start()].rstrip()
    plain = (
        b"%" not in content[line + 1 : head.start()]
        and not any(mark in dictionary for mark in (b"%", b"(", b"#", b"/Predictor"))
        and dictionary.endswith(b">>")
        and dictionary.count(b"/Filter") == dictionary.count(b"/FlateDecode") == dictionary.count(b"Decode")
    )
    if not plain:
        raise UnsafeDocument
    return dictionary, stream.end()


def _unpacked(packed: bytes, most: int) -> bytes:
    machine = zlib.decompressobj()
    try:
        unpacked = machine.decompress(packed, most + 1)
    except zlib.error as error:
        raise UnreadableFile from error
    if len(unpacked) > most:
        raise UnreadableFile
    return unpacked

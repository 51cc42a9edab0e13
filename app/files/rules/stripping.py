"""What of a PDF is for others to see: its pages, without who made them, where and with what, and without what acts.

Whoever wrote the file may have meant harm, and no reader of PDF is short enough to be trusted with time and memory. So
this is a program of its own, run for one document with limits on both: it reads the document, writes what is left, and
says by its exit code why there is nothing. It knows nothing else of this project and has none of its secrets.

Nothing is taken over but pages, and of a page what draws it (ISO 32000-1 §7.7.3). On the way down from there everything
that describes (§14.3 metadata, §14.5 piece info), attaches (§7.11) or acts (§12.6) is cut off. Pictures keep what their
colours need and lose the rest, such as the place where a telephone took them.
"""

from __future__ import annotations

import contextlib
import io
import sys
import zlib
from enum import IntEnum

from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, StreamObject

MOST_SECONDS = 15
"""Of a processor's time."""
MOST_BYTES = 768 << 20
"""Of memory."""


class Why(IntEnum):
    """Why nothing is left; also the exit code."""

    BROKEN = 65
    LOCKED = 66
    TOO_LONG = 67


class Refused(Exception):
    """The document is not taken."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.name)
        self.why = why


_PAGE_KEEPS = frozenset({
    "/Type", "/Parent", "/Resources", "/MediaBox", "/CropBox", "/BleedBox", "/TrimBox", "/ArtBox", "/Rotate",
    "/Contents", "/UserUnit", "/Group",
})  # fmt: skip
_DROPPED = frozenset({
    "/Metadata", "/PieceInfo", "/LastModified", "/Info", "/AF", "/EF", "/EmbeddedFiles", "/Names", "/AA", "/A",
    "/OpenAction", "/JS", "/JavaScript", "/URI", "/AcroForm", "/XFA", "/Annots", "/Outlines", "/Dests", "/Threads",
    "/Collection", "/Perms", "/Legal", "/DSS", "/StructTreeRoot", "/StructParent", "/StructParents", "/Ref", "/OPI",
    "/Alternates", "/Thumb", "/F", "/FFilter", "/FDecodeParms",
})  # fmt: skip
_NAMES = frozenset({"/Font", "/XObject", "/ExtGState", "/ColorSpace", "/Pattern", "/Shading", "/Properties"})
"""Resources are called as their writer likes, be it /A: what stands in these is not dropped for its name."""
_SEEN_WITHOUT = frozenset(("/Link", "/Popup", "/FileAttachment", "/Sound"))
"""Annotations that a page looks the same without."""
_MOST_UNPACKED = 64 << 20
_MARK, _SCAN, _COMMENT, _OF_APPLICATIONS = 0xFF, 0xDA, 0xFE, range(0xE0, 0xF0)
_JPEG_KEEPS = frozenset((0xE0, 0xE2, 0xEE))
"""Of its application segments: JFIF, the colour profile and Adobe's, which says how the colours are meant."""


def stripped(content: bytes, *, most_pages: int) -> bytes:
    """The pages of a document. Raises ``Refused``, whatever is wrong with it."""
    try:
        return _stripped(content, most_pages)
    except Refused:
        raise
    except Exception as error:
        raise Refused(Why.BROKEN) from error


def _stripped(content: bytes, most_pages: int) -> bytes:
    reader = PdfReader(io.BytesIO(content))
    if reader.is_encrypted or _fields(reader):
        raise Refused(Why.LOCKED)
    if not 0 < len(reader.pages) <= most_pages:
        raise Refused(Why.TOO_LONG if reader.pages else Why.BROKEN)
    writer = PdfWriter()
    seen: dict[int, object] = {}
    for page in reader.pages:
        if any(_is_seen(annotation.get_object()) for annotation in page.get("/Annots", ArrayObject()).get_object()):
            raise Refused(Why.LOCKED)
        _bare(page)
        _cut(page, seen)
        writer.add_page(page)
    writer.metadata = None
    left = io.BytesIO()
    writer.write(left)
    return left.getvalue()


def _fields(reader: PdfReader) -> bool:
    form = reader.root_object.get("/AcroForm", DictionaryObject()).get_object()
    return bool(form) and ("/XFA" in form or bool(form.get("/Fields", ArrayObject()).get_object()))


def _is_seen(annotation: object) -> bool:
    """Whether the page would look different without it: a stamp, a note, somebody's handwriting."""
    return (
        isinstance(annotation, DictionaryObject)
        and "/AP" in annotation
        and annotation.get("/Subtype") not in _SEEN_WITHOUT
    )


def _bare(page: PageObject) -> None:
    for key in [key for key in page if key not in _PAGE_KEEPS]:
        del page[key]


def _cut(page: PageObject, seen: dict[int, object]) -> None:
    """Cut off, of all that is under a page, what is not needed to draw it. ``seen`` is what was cut before, by id."""
    waiting: list[tuple[object, bool]] = [(page, False)]
    while waiting:
        found, by_name = waiting.pop()
        thing = found.get_object() if hasattr(found, "get_object") else found
        if id(thing) in seen:
            continue
        seen[id(thing)] = thing
        if isinstance(thing, DictionaryObject):
            if not by_name:
                for key in [key for key in thing if key in _DROPPED]:
                    del thing[key]
            if isinstance(thing, StreamObject):
                _clean_picture(thing)
            waiting += [
                (value, key in _NAMES and not by_name)
                for key, value in thing.items()
                if key != "/Parent" or thing is not page
            ]
        elif isinstance(thing, ArrayObject):
            waiting += [(value, False) for value in thing]


def _clean_picture(stream: StreamObject) -> None:
    filters = stream.get("/Filter", ArrayObject()).get_object()
    names = list(filters) if isinstance(filters, ArrayObject) else [filters]
    if not names or names[-1] != "/DCTDecode":
        return
    raw = stream._data  # noqa: SLF001 - as it lies in the file: there is no other way to it without decoding the picture
    if names == ["/FlateDecode", "/DCTDecode"]:
        machine = zlib.decompressobj()
        raw = machine.decompress(raw, _MOST_UNPACKED)
        if machine.unconsumed_tail:
            raise Refused(Why.BROKEN)
        stream[NameObject("/Filter")] = NameObject("/DCTDecode")
        stream.pop("/DecodeParms", None)
    elif len(names) > 1:
        raise Refused(Why.BROKEN)
    stream._data = plain_jpeg(raw)  # noqa: SLF001


def plain_jpeg(picture: bytes) -> bytes:
    """A JPEG without what others need not know; what is drawn stays as it is, bit by bit (ITU-T T.81 §B)."""
    if picture[:2] != b"\xff\xd8":
        return picture
    kept, at = bytearray(b"\xff\xd8"), 2
    while at + 4 <= len(picture) and picture[at] == _MARK and picture[at + 1] != _SCAN:
        marker, end = picture[at + 1], at + 2 + int.from_bytes(picture[at + 2 : at + 4], "big")
        if marker in _JPEG_KEEPS or not (marker in _OF_APPLICATIONS or marker == _COMMENT):
            kept += picture[at:end]
        at = end
    end = picture.find(b"\xff\xd9", at)
    return bytes(kept + (picture[at:] if end < 0 else picture[at : end + 2]))


def _limit() -> None:
    with contextlib.suppress(
        ImportError, ValueError, OSError
    ):  # where the system has no such limits, time alone counts
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))


def main() -> None:
    """Read a document, write what is left of it; the argument is how many pages it may have."""
    _limit()
    try:
        left = stripped(sys.stdin.buffer.read(), most_pages=int(sys.argv[1]))
    except Refused as refused:
        sys.exit(int(refused.why))
    sys.stdout.buffer.write(left)


if __name__ == "__main__":
    main()

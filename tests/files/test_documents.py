"""What is left of a PDF: its pages as they look, and nothing that tells more or does anything."""

from __future__ import annotations

import io
import zlib

import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import FreeText
from pypdf.generic import ArrayObject, NameObject, NumberObject

from app.files.rules import TooManyPages, UnreadableFile, UnsafeDocument, Variant
from app.files.rules.documents import prepare_document
from app.files.rules.stripping import Refused, Why, plain_jpeg, stripped
from tests.files.builders import named, pdf, picture, stream

SECRET = "Geheimnis"
DRAWING = b"q 200 0 0 100 0 0 cm /A Do Q BT /F 12 Tf (Bericht) Tj ET"


def telephoned() -> bytes:
    """A photo that says more than it shows, with another picture behind its end."""
    exif = Image.Exif()
    exif[0x010F] = SECRET
    made = picture(exif=exif)
    return made[:2] + b"\xff\xfe\x00\x0b" + SECRET.encode() + made[2:] + SECRET.encode()


def telling(writer: PdfWriter) -> None:
    """A page with a photo and a font, named as badly as can be, and all that nobody need know or have."""
    (page,) = writer.pages
    size = {"Width": NumberObject(40), "Height": NumberObject(20), "BitsPerComponent": NumberObject(8)}
    about = writer._add_object(stream(SECRET.encode(), Type="/Metadata", Subtype="/XML"))
    packed = writer._add_object(
        stream(
            zlib.compress(telephoned()), Type="/XObject", Subtype="/Image", ColorSpace="/DeviceRGB",
            Filter=ArrayObject([NameObject("/FlateDecode"), NameObject("/DCTDecode")]), Metadata=about,
            PieceInfo=named(Illustrator=named(Private=SECRET)), **size,
        )
    )  # fmt: skip
    plain = writer._add_object(
        stream(telephoned(), Type="/XObject", Subtype="/Image", ColorSpace="/DeviceRGB", Filter="/DCTDecode",
               AF=ArrayObject([about]), **size)
    )  # fmt: skip
    font = named(Type="/Font", Subtype="/Type1", BaseFont="/Helvetica")
    back = writer.root_object.indirect_reference  # the way back to everything, for who follows what it does not know
    page[NameObject("/Resources")] = named(XObject=named(A=packed, JS=plain), Font=named(F=font), Odd=back)
    page[NameObject("/Contents")] = writer._add_object(stream(DRAWING))
    page[NameObject("/Metadata")] = about
    page[NameObject("/AA")] = named(O=named(S="/JavaScript", JS=SECRET))
    page[NameObject("/Annots")] = ArrayObject(
        [named(Type="/Annot", Subtype="/Link", A=named(S="/URI", URI=SECRET)),
         named(Type="/Annot", Subtype="/FileAttachment", AP=named(N=about), FS=named(EF=named(F=about)))]
    )  # fmt: skip
    writer.root_object[NameObject("/Metadata")] = about
    writer.root_object[NameObject("/OpenAction")] = named(S="/JavaScript", JS=SECRET)
    writer.root_object[NameObject("/AcroForm")] = named(Fields=ArrayObject())
    writer.add_attachment("a.txt", SECRET.encode())
    writer.add_metadata({"/Author": SECRET})


def everything(content: bytes) -> bytes:
    """The file, with every stream unpacked behind it."""
    reader = PdfReader(io.BytesIO(content))
    found = [content]
    for number in range(1, int(reader.trailer["/Size"])):
        thing = reader.get_object(number)
        if thing is not None and thing.get_object().__class__.__name__.endswith("StreamObject"):
            raw = thing.get_object()._data
            found.append(raw)
            if thing.get_object().get("/Filter") == "/FlateDecode":
                found.append(zlib.decompress(raw))
    return b"\n".join(found)


def test_its_pages_are_left_as_they_look_and_nothing_that_tells_more_or_acts():
    mine = pdf(telling)
    left = stripped(mine, most_pages=1)
    for word in (SECRET, "JavaScript", "Metadata", "PieceInfo", "OpenAction", "EmbeddedFiles", "URI", "Info", "pypdf"):
        assert word.encode() not in everything(left), word
    assert SECRET.encode() in mine
    reader = PdfReader(io.BytesIO(left))
    assert reader.metadata is None
    (page,) = reader.pages
    assert page.get_contents().get_data().strip() == DRAWING
    assert (page.mediabox.width, page.mediabox.height) == (200, 100)
    assert "Bericht" in page.extract_text()
    pictures = page["/Resources"]["/XObject"]
    assert set(pictures) == {"/A", "/JS"}
    for name in pictures:
        shown = Image.open(io.BytesIO(pictures[name]._data))
        assert shown.tobytes() == Image.open(io.BytesIO(picture())).tobytes()


def test_of_a_photo_the_colours_are_kept_and_what_it_tells_is_not():
    for mode, more in (("RGB", {"icc_profile": b"profile"}), ("CMYK", {}), ("L", {"progressive": True})):
        mine = picture(mode="RGB" if mode == "RGB" else mode, **more)
        assert Image.open(io.BytesIO(plain_jpeg(mine))).tobytes() == Image.open(io.BytesIO(mine)).tobytes()
    assert b"profile" in plain_jpeg(picture(icc_profile=b"profile"))
    assert SECRET.encode() not in plain_jpeg(telephoned())
    assert plain_jpeg(b"no picture") == b"no picture"


def filled_in(writer: PdfWriter) -> None:
    field = writer._add_object(named(FT="/Tx", T="name"))
    writer.root_object[NameObject("/AcroForm")] = named(Fields=ArrayObject([field]))


def stamped(writer: PdfWriter) -> None:
    seal = stream(b"", Type="/XObject", Subtype="/Form")
    page = writer.pages[0]
    stamp = named(Type="/Annot", Subtype="/Stamp", AP=named(N=writer._add_object(seal)))
    page[NameObject("/Annots")] = ArrayObject([stamp])


def noted(writer: PdfWriter) -> None:
    writer.add_annotation(0, FreeText(text="bitte nicht", rect=(0, 0, 50, 50)))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (pdf(lambda writer: writer.encrypt("", "owner")), Why.LOCKED),
        (pdf(filled_in), Why.LOCKED),
        (pdf(stamped), Why.LOCKED),
        (pdf(pages=0), Why.BROKEN),
        (pdf()[:400], Why.BROKEN),
        (b"%PDF-1.7", Why.BROKEN),
        (pdf(pages=4), Why.TOO_LONG),
    ],
    ids=["encrypted", "form", "stamp", "no page", "cut off", "only a head", "long"],
)
def test_what_cannot_be_taken_is_refused(content, why):
    with pytest.raises(Refused) as refused:
        stripped(content, most_pages=3)
    assert refused.value.why is why


def bomb(writer: PdfWriter) -> None:
    """A photo that is unpacked to hundreds of times its size."""
    filters = ArrayObject([NameObject("/FlateDecode"), NameObject("/DCTDecode")])
    machine = zlib.compressobj()
    head = machine.compress(b"") + machine.flush(zlib.Z_FULL_FLUSH)
    packed = head + (machine.compress(bytes(1 << 20)) + machine.flush(zlib.Z_FULL_FLUSH)) * 65
    photo = writer._add_object(stream(packed, Type="/XObject", Subtype="/Image", Filter=filters))
    writer.pages[0][NameObject("/Resources")] = named(XObject=named(A=photo))


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"no document", UnreadableFile),
        (pdf(lambda writer: writer.encrypt("secret")), UnsafeDocument),
        (pdf(pages=4), TooManyPages),
        (pdf(bomb), UnreadableFile),
    ],
    ids=["other", "encrypted", "long", "bomb"],
)
def test_the_program_says_why_and_has_its_limits(content, refusal):
    with pytest.raises(refusal):
        prepare_document(content, most_pages=3)


def test_the_program_gives_the_pages():
    kept = prepare_document(pdf(telling), most_pages=3)
    assert len(PdfReader(io.BytesIO(kept.contents[Variant.FULL])).pages) == 1
    assert SECRET.encode() not in kept.contents[Variant.FULL]

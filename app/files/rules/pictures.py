"""Pictures are never kept as they came: they are decoded and written anew, so nothing hidden in them survives."""

from __future__ import annotations

import io

from PIL import Image, ImageOps

from app.files.rules import JPEG, HeicNotSupported, Prepared, TooManyPixels, UnreadableFile, Variant

FULL_SIDE, THUMB_SIDE = 2048, 480
"""The longest side of each variant, in pixels."""

_QUALITY = {Variant.FULL: 85, Variant.THUMB: 78}
_HEIC = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})

Image.MAX_IMAGE_PIXELS = None  # the library only warns at its own limit; ours is checked before anything is decoded


def looks_like_picture(content: bytes) -> bool:
    """Whether the first bytes are those of a JPEG, PNG or WebP. Raises ``HeicNotSupported``."""
    if content[4:8] == b"ftyp" and content[8:12] in _HEIC:
        raise HeicNotSupported
    return content.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) or (
        content[:4] == b"RIFF" and content[8:12] == b"WEBP"
    )


def prepare_picture(content: bytes, *, most_pixels: int) -> Prepared:
    """The picture upright, at most 2048 pixels wide and high, beside a small one; without a word of metadata.

    Raises ``TooManyPixels`` before anything is decoded, and ``UnreadableFile``. Of an animation the first frame stays.
    Takes up to a second and some hundred megabytes: call it in a thread, a few at a time.
    """
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "WEBP")) as opened:
            if opened.width * opened.height > most_pixels:
                raise TooManyPixels(most=most_pixels // 10_000)
            opened.draft("RGB", (FULL_SIDE, FULL_SIDE))  # a JPEG is decoded at a half or a quarter when that suffices
            upright = _plain(ImageOps.exif_transpose(opened))
    except TooManyPixels:
        raise
    except Exception as error:
        raise UnreadableFile from error
    upright.thumbnail((FULL_SIDE, FULL_SIDE), Image.Resampling.LANCZOS)
    small = upright.copy()
    small.thumbnail((THUMB_SIDE, THUMB_SIDE), Image.Resampling.LANCZOS)
    contents = {Variant.FULL: _written(upright, Variant.FULL), Variant.THUMB: _written(small, Variant.THUMB)}
    return Prepared(JPEG, contents, upright.width, upright.height)


def _plain(picture: Image.Image) -> Image.Image:
    """Colours alone, on white where the picture was transparent."""
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        plain = Image.new("RGB", layer.size, "white")
        plain.paste(layer, mask=layer.getchannel("A"))
        return plain
    plain = picture.convert("RGB")
    plain.info = {}  # the writer would copy a comment from here
    return plain


def _written(picture: Image.Image, variant: Variant) -> bytes:
    to = io.BytesIO()
    picture.save(to, "JPEG", quality=_QUALITY[variant], optimize=True, progressive=True)
    return to.getvalue()

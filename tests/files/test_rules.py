import io
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from obstore import sign
from obstore.store import S3Store
from PIL import Image
from pydantic import SecretStr

from app.core.errors import DomainError
from app.core.settings import FileSettings
from app.files.rules import (
    HeicNotSupported,
    NoSuchFile,
    TooManyPixels,
    Variant,
    link,
    seconds_left,
)
from app.files.rules.documents import looks_like_document
from app.files.rules.pictures import looks_like_picture, prepare_picture
from app.files.rules.store import SIGNED_SECONDS, signed_address
from app.files.rules.stripping import Refused, Why, stripped
from tests.files.builders import pdf, picture

NOW = datetime(2026, 11, 20, 4, 10, tzinfo=UTC)


def _prepared(content: bytes):
    assert looks_like_picture(content)
    made = prepare_picture(content, most_pixels=1_000_000)
    return made, {variant: Image.open(io.BytesIO(written)) for variant, written in made.contents.items()}


def test_a_photo_loses_everything_but_what_is_seen():
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    exif[0x010E] = "SECRET-CAPTION"
    exif.get_ifd(0x8825)[1] = "N"
    content = picture(40, 20, exif=exif, comment=b"SECRET-COMMENT", icc_profile=b"SECRET-PROFILE" * 10)
    assert content.count(b"SECRET") >= 3
    made, seen = _prepared(content)
    assert (made.media_type, made.width, made.height) == ("image/jpeg", 20, 40)
    for variant, image in seen.items():
        assert b"SECRET" not in made.contents[variant]
        assert b"Exif" not in made.contents[variant]
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "progressive", "progression"}
        top, bottom = image.getpixel((10, 5)), image.getpixel((10, 35))
        assert top[0] - top[2] > 150, "what was left is on top once the photo is upright"
        assert bottom[2] - bottom[0] > 150


@pytest.mark.parametrize(
    ("form", "mode"), [("PNG", "RGBA"), ("PNG", "L"), ("PNG", "P"), ("PNG", "I;16"), ("WEBP", "RGB"), ("JPEG", "CMYK")]
)
def test_every_kind_of_picture_becomes_a_jpeg(form, mode):
    content = (
        picture(30, 30, form, mode)
        if mode not in ("I;16", "P")
        else _saved(Image.new("RGB", (30, 30), "red").convert(mode) if mode == "P" else Image.new(mode, (30, 30)), form)
    )
    made, seen = _prepared(content)
    assert {image.format for image in seen.values()} == {"JPEG"}
    assert {image.mode for image in seen.values()} == {"RGB"}
    assert (made.width, made.height) == (30, 30)


def _saved(image: Image.Image, form: str) -> bytes:
    to = io.BytesIO()
    image.save(to, form)
    return to.getvalue()


def test_what_was_transparent_is_white():
    _, seen = _prepared(_saved(Image.new("RGBA", (20, 20), (0, 0, 0, 0)), "PNG"))
    assert min(seen[Variant.FULL].getpixel((9, 9))) > 250


def test_large_pictures_are_made_smaller_and_small_ones_are_left():
    made, seen = _prepared(picture(5000, 100))
    assert (made.width, made.height) == (2048, 41)
    assert seen[Variant.THUMB].size == (480, 10)
    assert _prepared(picture(60, 30))[1][Variant.THUMB].size == (60, 30)


def test_a_bomb_is_refused_before_it_is_unpacked():
    head = picture(1001, 1000, "PNG")[:60]  # the pixels are not even there
    with pytest.raises(TooManyPixels):
        prepare_picture(head, most_pixels=1_000_000)


def test_heic_is_refused_with_advice():
    with pytest.raises(HeicNotSupported) as refused:
        looks_like_picture(b"\x00\x00\x00\x24ftypheic" + bytes(100))
    assert "兼容性最佳" in refused.value.sentence("zh")


def test_other_things_are_neither_picture_nor_document():
    for content in (b"", b"GIF89a" + bytes(50), b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"PK\x03\x04", b"MZ"):
        assert not looks_like_picture(content)
        assert not looks_like_document(content)


@settings(max_examples=40, deadline=None)
@given(cut=st.integers(3, 400), at=st.integers(0, 600), byte=st.binary(min_size=1, max_size=8))
def test_damaged_files_are_refused_or_read_and_nothing_else(cut, at, byte):
    for content in (picture(), picture(form="PNG"), picture(form="WEBP"), pdf()):
        for bad in (content[:cut], content[:at] + byte + content[at + len(byte) :]):
            try:
                if looks_like_picture(bad):
                    prepare_picture(bad, most_pixels=1_000_000)
                else:
                    stripped(bad, most_pages=10)
            except DomainError as refused:
                assert refused.status == 422  # noqa: PT017 - any of the refusals is right, no other exception is
            except Refused as refused:
                assert refused.why in Why  # noqa: PT017 - of a document as well


def _opened(address: str) -> tuple[UUID, Variant, int, str]:
    parts = urlsplit(address)
    query = dict(parse_qsl(parts.query))
    return UUID(parts.path.rpartition("/")[2]), Variant(query["variant"]), int(query["until"]), query["key"]


def test_a_link_works_for_one_to_two_hours_and_is_the_same_within_an_hour():
    file_id = uuid4()
    address = link(file_id, NOW, variant=Variant.THUMB)
    assert link(file_id, NOW + timedelta(minutes=49), variant=Variant.THUMB) == address
    assert seconds_left(*_opened(address), NOW) == 110 * 60
    assert seconds_left(*_opened(address), NOW + timedelta(minutes=109, seconds=59)) == 1
    with pytest.raises(NoSuchFile):
        seconds_left(*_opened(address), NOW + timedelta(minutes=110))


def test_a_public_link_works_for_ever_and_a_changed_one_never():
    file_id, variant, until, key = _opened(link(uuid4(), None))
    assert seconds_left(file_id, variant, until, key, NOW) is None
    for changed in (
        (uuid4(), variant, until, key),
        (file_id, Variant.THUMB, until, key),
        (file_id, variant, 10**10, key),
        (file_id, variant, until, "ä" + key[1:]),
    ):
        with pytest.raises(NoSuchFile):
            seconds_left(*changed, NOW)


def test_an_address_is_signed_as_the_library_signs_it():
    where = FileSettings(
        bucket="photos",
        public_endpoint="https://files.example:9000",
        region="cn-north-1",
        access_key_id=SecretStr("key/id"),
        secret_access_key=SecretStr("secret"),
    )
    store = S3Store(
        "photos",
        config={
            "endpoint": "https://files.example:9000",
            "region": "cn-north-1",
            "access_key_id": "key/id",
            "secret_access_key": "secret",
            "virtual_hosted_style_request": False,
        },
    )
    for _ in range(5):  # it reads a clock of its own
        now = datetime.now(UTC)
        theirs = sign(store, "GET", "2026/11/a b+c.jpg", timedelta(seconds=SIGNED_SECONDS))
        known = dict(parse_qsl(urlsplit(theirs).query))
        ours = signed_address(where, "2026/11/a b+c.jpg", now)
        query = dict(parse_qsl(urlsplit(ours).query))
        if known["X-Amz-Date"] == query["X-Amz-Date"]:
            break
    assert query == known
    assert urlsplit(ours)[:3] == urlsplit(theirs)[:3]

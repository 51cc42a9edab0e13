from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest
from pydantic import SecretStr

from app import files
from app.core.settings import FileSettings
from app.files import Purpose, UnknownFile
from app.main import create_app
from app.wiring import CHORES, build
from app.worker import do_chore
from tests.files.builders import KEY_ID, SECRET, pdf, picture, s3_server

CHORE = {chore.name: chore for chore in CHORES}["files.forget_waiting"]


async def upload(shop, who, audience, content, purpose="claim", name="照片.jpg", kind="image/jpeg"):
    async with shop.http(who) as http:
        return await http.post(
            f"/v1/{audience}/files", files={"file": (name, content, kind)}, data={"purpose": purpose}
        )


async def get(shop, url):
    async with shop.http() as http:
        return await http.get(url)


async def attach(shop, who, file_ids, to, purpose=Purpose.CLAIM):
    async with shop.db.write() as session:
        await files.attach(session, file_ids, owner=shop.actor(who), purpose=purpose, to=to, now=shop.clock())


async def test_a_photo_is_taken_in_shown_and_belongs_to_one_thing(shop, statements):
    answer = await upload(shop, "buyer", "store", picture(3000, 1500), name="x.exe", kind="text/html")
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["media_type"], made["width"], made["height"]) == ("image/jpeg", 2048, 1024)

    statements.clear()
    shown = await get(shop, made["url"])
    assert len(statements) == 1
    assert shown.status_code == 200
    assert len(shown.content) == made["size"]
    assert shown.headers["content-type"] == "image/jpeg"
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert shown.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert shown.headers["content-disposition"] == f'inline; filename="{made["id"]}.jpg"'
    assert shown.headers["cache-control"].endswith(", immutable")
    assert shown.headers["cache-control"].startswith("private, max-age=")
    assert (await get(shop, made["thumbnail_url"])).content != shown.content
    assert (await get(shop, made["url"].replace("full", "thumb"))).status_code == 404

    claim = uuid4()
    await attach(shop, "buyer", [UUID(made["id"])], claim)
    await attach(shop, "buyer", [UUID(made["id"])], claim)
    async with shop.db.read() as session:
        of_claim = await files.links(session, to=[claim, uuid4()], now=None)
    assert [file.id for file in of_claim[claim]] == [UUID(made["id"])]
    assert list(of_claim) == [claim]
    public = await get(shop, of_claim[claim][0].thumbnail_url)
    assert public.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert await shop.scalar("SELECT count(*) FROM core_event WHERE name = 'files.attached'") == 1

    shop.clock.advance(hours=2)
    assert (await get(shop, made["url"])).status_code == 404


async def test_a_certificate_of_a_supplier_is_saved_and_never_opened(shop):
    mine = pdf(lambda writer: writer.add_metadata({"/Author": "Somebody"}))
    answer = await upload(shop, "S01", "supplier", mine, purpose="certificate")
    assert answer.status_code == 201, answer.text
    assert answer.json()["thumbnail_url"] is None
    saved = await get(shop, answer.json()["url"])
    assert saved.content.startswith(b"%PDF-")
    assert b"Somebody" in mine
    assert b"Somebody" not in saved.content
    assert saved.headers["content-disposition"].startswith("attachment; ")


@pytest.mark.parametrize(
    ("content", "purpose", "code"),
    [
        (b"\x00\x00\x00\x24ftypheic" + bytes(64), "claim", "heic_not_supported"),
        (b"<html><script>alert(1)</script></html>", "claim", "unsupported_file"),
        (picture()[:200], "claim", "unreadable_file"),
        (pdf(lambda writer: writer.encrypt("secret")), "certificate", "unsafe_document"),
        (pdf()[:300], "certificate", "unreadable_file"),
        (pdf(pages=101), "certificate", "too_many_pages"),
        (pdf(), "claim", "not_for_this_purpose"),
        (picture(), "anything", "invalid_input"),
    ],
)
async def test_what_cannot_be_shown_to_others_is_refused(shop, content, purpose, code):
    answer = await upload(shop, "buyer", "store", content, purpose=purpose)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert await shop.scalar("SELECT count(*) FROM files_file") == 0


async def test_who_may_attach(shop):
    async def made(who, audience):
        return UUID((await upload(shop, who, audience, picture(), purpose="evidence")).json()["id"])

    mine, of_stranger, of_supplier = (
        await made("buyer", "store"),
        await made("stranger", "store"),
        await made("S01", "supplier"),
    )
    claim = uuid4()
    for ids, wrong in (
        ([mine, of_stranger], ["/photos/1"]),
        ([mine, mine], ["/photos/1"]),
        ([uuid4(), mine], ["/photos/0"]),
    ):
        with pytest.raises(UnknownFile) as refused:
            await attach(shop, "buyer", ids, claim, Purpose.EVIDENCE)
        assert [fault.pointer for fault in refused.value.faults] == wrong
    with pytest.raises(UnknownFile):
        await attach(shop, "buyer", [mine], claim, Purpose.REVIEW)
    assert await shop.scalar("SELECT count(*) FROM files_file WHERE attached_to IS NOT NULL") == 0

    colleague = replace(shop.actor("S01"), account_id=shop.actor("S08").account_id)
    async with shop.db.write() as session:
        await files.attach(
            session, [of_supplier], owner=colleague, purpose=Purpose.EVIDENCE, to=claim, now=shop.clock()
        )
    with pytest.raises(UnknownFile):
        await attach(shop, "S01", [of_supplier], uuid4(), Purpose.EVIDENCE)


async def test_files_that_nobody_used_are_removed_after_a_day(shop):
    kept = (await upload(shop, "buyer", "store", picture())).json()
    await attach(shop, "buyer", [UUID(kept["id"])], uuid4())
    await upload(shop, "buyer", "store", picture())
    shop.clock.advance(hours=23)
    assert await do_chore(shop.db, CHORE, shop.clock()) == 0
    shop.clock.advance(hours=1, seconds=1)
    assert await do_chore(shop.db, CHORE, shop.clock()) == 1
    assert await shop.rows("SELECT DISTINCT file_id FROM files_content") == [(UUID(kept["id"]),)]


async def test_nobody_fills_the_house_with_files_they_do_not_use(shop, settings):
    few = settings.model_copy(update={"files": FileSettings(most_waiting=1)})
    shop.app = create_app(few, database=shop.db, clock=shop.clock)
    assert (await upload(shop, "buyer", "store", picture())).status_code == 201
    again = await upload(shop, "buyer", "store", picture())
    assert (again.status_code, again.json()["code"]) == (409, "too_many_waiting_files")
    assert (await upload(shop, "stranger", "store", picture())).status_code == 201


async def test_attached_files_move_to_a_store_outside(shop, settings):
    with s3_server() as store:
        outside = FileSettings(
            bucket="baojing",
            endpoint=store.endpoint,
            access_key_id=SecretStr(KEY_ID),
            secret_access_key=SecretStr(SECRET),
        )
        shop.settings = settings.model_copy(update={"files": outside})
        shop.app = create_app(shop.settings, database=shop.db, clock=shop.clock)
        shop.db.wiring = build(shop.settings)
        made = (await upload(shop, "buyer", "store", picture())).json()
        before = await get(shop, made["url"])
        await attach(shop, "buyer", [UUID(made["id"])], uuid4())

        store.failing = 2  # the first attempt of the delivery gets nowhere
        await shop.settle()
        assert (await get(shop, made["url"])).content == before.content
        shop.clock.at += timedelta(minutes=5)
        store.failing = 0
        await shop.settle()
        assert await shop.scalar("SELECT count(*) FROM files_content WHERE content IS NOT NULL") == 0
        assert len(store.objects) == 2

        moved = await get(shop, made["url"])
        assert moved.status_code == 302
        assert moved.headers["cache-control"] == "private, max-age=150"
        async with httpx.AsyncClient(trust_env=False) as browser:
            shown = await browser.get(moved.headers["location"])
            assert (await browser.get(moved.headers["location"].replace("full", "thumb"))).status_code == 403
        assert (shown.status_code, shown.content) == (200, before.content)
        assert shown.headers["content-type"] == "image/jpeg"
        assert shown.headers["content-disposition"] == before.headers["content-disposition"]

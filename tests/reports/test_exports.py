"""Reports that the worker makes as files: asked for, seen to get on, taken home, taken over, cancelled, forgotten."""

import asyncio
import hashlib
import io
from datetime import date, datetime, timedelta

import pypdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from app import reports
from app.core.settings import ExportSettings
from app.core.sheets import Heading, LongBook, LongColumn
from app.reports.rules.listings import BATCH
from app.reports.service import exports as service
from tests.assistance.builders import completed, line, refunded
from tests.reports.test_listings import officer_account, parsed
from tests.reports.test_sales import YEAR, sell

URL = "/v1/office/exports"


@pytest.fixture
async def office(fresh_shop):
    """The shop with something in its ledger, and how an officer calls it."""
    now = fresh_shop.clock()
    tea, oranges = line(net_fen=1_234_567, quantity=3), line(net_fen=1, category="navel-orange", quantity=40)
    first, later = completed(now, tea, oranges), completed(now - timedelta(days=40), line(net_fen=29, quantity=1))
    await sell(fresh_shop.db, first, later, refunded(now + timedelta(days=12), first, (tea.line_id, 1, 400_029)))
    return fresh_shop


async def asked(shop, report="ledger", form="csv", parameters=YEAR, who="officer", **headers):
    body = {"report": report, "parameters": parameters, "format": form}
    answer = await shop.call(who, "POST", URL, body, key=None, **headers)
    assert answer.status_code == 202, answer.text
    return answer.json()


async def seen(shop, export, who="officer", path=""):
    return await shop.call(who, "GET", f"{URL}/{export['id']}{path}", key=None)


async def made(shop, *args, **kwargs):
    """An export that the worker has made, and its file."""
    export = await asked(shop, *args, **kwargs)
    while await reports.work_on_exports(shop.db, shop.clock()):
        pass
    found = (await seen(shop, export)).json()
    assert found["status"] == "done", found
    file = await seen(shop, export, path="/file")
    assert file.status_code == 200, file.text
    assert (len(file.content), hashlib.sha256(file.content).hexdigest()) == (found["size"], found["sha256"])
    assert file.headers["content-length"] == str(found["size"])
    assert file.headers["content-disposition"] == f'attachment; filename="{found["name"]}"'
    return found, file.content


def sheets(content):
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


async def test_an_export_is_asked_for_made_and_taken_home(office):
    export = await asked(office)
    assert (export["status"], export["progress"], export["file"]) == ("queued", {"done": 0, "total": 0}, None)
    early = await seen(office, export, path="/file")
    assert (early.status_code, early.json()["code"]) == (409, "export_not_ready")
    found, content = await made(office)
    assert found["id"] == export["id"]  # what waits already is not made twice
    assert (found["progress"], found["name"]) == ({"done": 4, "total": 4}, "ledger-2026-01-01-2026-12-31.csv")
    assert found["file"] == f"{URL}/{export['id']}/file"
    straight = await office.call("officer", "GET", "/v1/office/ledger.csv?from=2026-01-01&to=2026-12-31", key=None)
    assert straight.content == content
    listed = (await office.call("officer", "GET", URL, key=None)).json()["items"]
    assert listed == [found]
    again = await asked(office)
    assert again["id"] != export["id"]  # what is done was of its moment


async def test_a_workbook_of_the_ledger_says_what_its_csv_says(office):
    _, content = await made(office, **{"Accept-Language": "zh"})
    header, rows, marked = parsed(content)
    found, content = await made(office, form="xlsx", **{"Accept-Language": "en"})
    told = sheets(content)
    assert list(told) == ["Ledger of counted sales", "About"]
    head, *read_rows, total = told["Ledger of counted sales"]
    assert len(head) == len(header)
    assert (total[0], total[head.index("Amount (yuan)")]) == ("Total", int(marked["total"][-3]) / 100)
    for row, cells in zip(rows, read_rows, strict=True):
        at = dict(zip(header, cells, strict=True))
        assert at["counted_on"] == date.fromisoformat(row["counted_on"])
        posted = datetime.fromisoformat(row["posted_at"]) + timedelta(hours=8)
        assert abs(at["posted_at"] - posted.replace(tzinfo=None)) < timedelta(seconds=1)
        assert at["amount_fen"] == int(row["amount_fen"]) / 100
        assert (at["id"], at["reverses"], at["quantity"]) == (row["id"], row["reverses"], int(row["quantity"]))
        assert at["kind"] == {"sale": "Sale", "refund": "Refund"}[row["kind"]]
    about = {cells[0]: cells[1] for cells in told["About"]}
    assert about["Head of the ledger's chain of hashes"].startswith(f"{marked['chain'][1]} · ")
    assert found["language"] == "en"


async def test_paper_for_little_and_a_refusal_that_names_the_sheets_for_much(office):
    _, content = await made(office, form="pdf", **{"Accept-Language": "zh"})
    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)
    assert "帮扶销售台账" in text
    assert "SHA-256" in text
    now = office.clock()
    await sell(office.db, *(completed(now, *(line(net_fen=1) for _ in range(50))) for _ in range(40)))
    export = await asked(office, form="pdf")
    await reports.work_on_exports(office.db, now)
    found = (await seen(office, export)).json()
    assert (found["status"], found["problem"]["code"]) == ("failed", "report_too_large")
    assert all(word in found["problem"]["detail"] for word in ("2000", "CSV", "xlsx"))
    assert (await seen(office, export, path="/file")).json()["code"] == "export_gone"


@pytest.mark.parametrize(
    ("report", "parameters"),
    [
        ("sales", YEAR | {"group_by": "month,category"}),
        ("sales", YEAR | {"group_by": "division", "basis": "paid"}),
        ("suppliers", YEAR),
        ("partners", YEAR),
        ("goals", {"year": 2026}),
        ("households", YEAR),
        ("exceptions", YEAR),
    ],
)
async def test_every_report_is_the_file_that_its_own_route_gives(office, report, parameters):
    for form in ("csv", "pdf"):
        _, content = await made(office, report, form, parameters)
        query = "&".join(f"{name}={value}" for name, value in (parameters | {"format": form}).items())
        straight = await office.call("officer", "GET", f"/v1/office/reports/{report}?{query}", key=None)
        assert straight.status_code == 200, straight.text
        assert straight.content == content


async def test_a_long_sales_report_comes_from_a_cursor_with_its_chart(office, monkeypatch):
    parameters = YEAR | {"group_by": "day,sku,category"}
    _, short = await made(office, "sales", "csv", parameters)
    _, drawn = await made(office, "sales", "xlsx", parameters)
    monkeypatch.setattr("app.reports.service.making.MOST_SHEET_ROWS", 1)
    _, long = await made(office, "sales", "csv", parameters)
    _, rows, marked = parsed(long)
    _, short_rows, totals = parsed(short)
    assert rows == short_rows
    assert marked["total"] == totals["total"]
    _, content = await made(office, "sales", "xlsx", parameters)
    long_sheets, short_sheets = sheets(content), sheets(drawn)
    assert list(long_sheets) == ["销售报表", "说明", "图表"]
    assert long_sheets["图表"] == short_sheets["图表"]
    assert long_sheets["销售报表"][1:-1] == [row for row in short_sheets["销售报表"] if isinstance(row[0], date)]


async def test_whose_worker_is_killed_is_taken_over_and_one_file_comes_of_it(office, monkeypatch):
    """The first is stopped in the middle, as a kill would; the second finds its pieces gone and makes them anew."""
    now = office.clock()
    await sell(office.db, *(completed(now, *(line(net_fen=1) for _ in range(50))) for _ in range(60)))
    export = await asked(office)
    stuck, going = asyncio.Event(), asyncio.Event()

    async def killed(found, form, language):
        async for piece in real(found, form, language):
            yield piece
            if piece[1] >= BATCH:
                stuck.set()
                await going.wait()

    real = service.streamed
    monkeypatch.setattr(service, "_TELL_AFTER_SECONDS", 0.0)
    monkeypatch.setattr(service, "streamed", killed)
    first = asyncio.create_task(reports.work_on_exports(office.db, now))
    await stuck.wait()
    found = (await seen(office, export)).json()
    assert (found["status"], found["progress"]["total"]) == ("running", 3_004)
    assert 0 < found["progress"]["done"] < 3_004
    monkeypatch.setattr(service, "streamed", real)
    assert await reports.work_on_exports(office.db, now) == 0  # it is in good hands
    assert await reports.work_on_exports(office.db, now + timedelta(minutes=5)) == 1
    done = (await seen(office, export)).json()
    going.set()
    assert await first == 1  # the first comes back from the dead, and writes nothing
    assert (await seen(office, export)).json() == done
    content = (await seen(office, export, path="/file")).content
    assert hashlib.sha256(content).hexdigest() == done["sha256"]
    assert len(parsed(content)[1]) == 3_004


async def test_what_fails_again_and_again_is_given_up(office, monkeypatch):
    async def broken(*_):
        raise RuntimeError("no luck")

    monkeypatch.setattr(service, "made", broken)
    export = await asked(office)
    for _ in range(10):
        await reports.work_on_exports(office.db, office.clock.advance(minutes=30))
    found = (await seen(office, export)).json()
    assert (found["status"], found["problem"]["code"]) == ("failed", "export_stopped")
    assert await reports.work_on_exports(office.db, office.clock.advance(days=1)) == 0


async def test_a_cancelled_export_is_not_found_and_whoever_makes_it_leaves_off(office, monkeypatch):
    export = await asked(office)

    async def cancelled(found, form, language):
        gone = await office.call("officer", "DELETE", f"{URL}/{export['id']}", key=None)
        assert gone.status_code == 204, gone.text
        async for piece in real(found, form, language):
            yield piece

    real = service.streamed
    monkeypatch.setattr(service, "streamed", cancelled)
    assert await reports.work_on_exports(office.db, office.clock()) == 1
    assert (await seen(office, export)).status_code == 404
    assert await office.scalar("SELECT count(*) FROM reports_export_piece") == 0


async def test_another_officers_export_is_not_found(office):
    other = await officer_account(office.db, office.clock())
    office.accounts["other"] = office.accounts["officer"].__class__(other.account_id, "other", other.roles, None, None)
    export, _ = await made(office)
    for method, path in (("GET", ""), ("GET", "/file"), ("DELETE", "")):
        answer = await office.call("other", method, f"{URL}/{export['id']}{path}", key=None)
        assert answer.status_code == 404, path
    assert (await office.call("other", "GET", URL, key=None)).json()["items"] == []
    for who, status in (("buyer", 403), ("S01", 403), (None, 401)):
        assert (await office.call(who, "GET", URL, key=None)).status_code == status
    assert (await seen(office, export)).status_code == 200


async def test_a_file_is_kept_for_some_days_and_then_forgotten(office):
    export, _ = await made(office)
    kept = timedelta(hours=ExportSettings().keep_hours)
    assert datetime.fromisoformat(export["expires_at"]) - datetime.fromisoformat(export["finished_at"]) == kept
    async with office.db.write() as session:
        assert await reports.forget_exports(session, now=office.clock()) == 0
    async with office.db.write() as session:
        assert await reports.forget_exports(session, now=office.clock.advance(hours=73)) == 1
    found = (await seen(office, export)).json()
    assert (found["status"], found["file"]) == ("expired", None)
    gone = await seen(office, export, path="/file")
    assert (gone.status_code, gone.json()["code"]) == (410, "export_gone")
    assert await office.scalar("SELECT count(*) FROM reports_export_piece") == 0
    async with office.db.write() as session:
        await reports.forget_exports(session, now=office.clock.advance(days=31))
    assert (await seen(office, export)).status_code == 404


async def test_no_more_than_some_wait_at_once(office):
    for month in range(1, 4):
        await asked(office, parameters={"from": f"2026-0{month}-01", "to": f"2026-0{month}-28"})
    body = {"report": "ledger", "parameters": YEAR, "format": "csv"}
    answer = await office.call("officer", "POST", URL, body, key=None)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_exports")


async def test_the_same_asked_for_at_once_is_one_export(office):
    found = await asyncio.gather(*(asked(office) for _ in range(5)))
    assert len({one["id"] for one in found}) == 1


@pytest.mark.parametrize(
    ("report", "parameters", "pointer"),
    [
        ("ledger", {"from": "2026-01-01"}, "/parameters/to"),
        ("ledger", YEAR | {"year": 2026}, "/parameters/year"),
        ("ledger", {"from": "2026-02-01", "to": "2026-01-01"}, "/parameters/to"),
        ("sales", YEAR | {"group_by": "moon"}, "/parameters/group_by"),
        ("households", YEAR | {"group_by": "day"}, "/parameters/group_by"),
        ("goals", {}, "/parameters/year"),
        ("lines", YEAR | {"kind": "sale"}, "/parameters/kind"),
    ],
)
async def test_what_cannot_be_asked_is_said_at_once(office, report, parameters, pointer):
    answer = await office.call(
        "officer", "POST", URL, {"report": report, "parameters": parameters, "format": "csv"}, key=None
    )
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


texts = st.text(max_size=12) | st.sampled_from(["=1+1", "<r>x</r>", " a ", "_x0041_", "a\nb", "\x00\x01", "&<>\"'"])


@given(st.lists(st.tuples(texts | st.none(), st.integers(-(10**9), 10**9)), max_size=12), st.integers(1, 5))
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_a_long_workbook_gives_back_what_was_put_in(rows, of_a_sheet):
    """Whatever it is, in as many sheets as it takes: text stays text, and yuan are the fen."""
    columns = [LongColumn(Heading("元", "yuan")), LongColumn(Heading("名", "text"))]
    total = ["合计", None]
    book = LongBook("台账", columns, len(rows), total=total, rows_of_a_sheet=of_a_sheet)
    content = book.begin() + b"".join(book.add([(fen, name)]) for name, fen in rows) + book.close()
    told = sheets(content)
    assert len(told) == max(1, -(-len(rows) // of_a_sheet))
    assert all(cells[0] == ["元", "名"] for cells in told.values())
    found = [row for cells in told.values() for row in cells[1:]]
    assert found.pop() == ["合计", ""]
    assert found == [[fen / 100, "" if name is None else name] for name, fen in rows]

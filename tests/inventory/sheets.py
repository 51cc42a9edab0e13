"""Sheets such as people and programs send them."""

from __future__ import annotations

import io
from datetime import datetime
from uuid import uuid4

import xlsxwriter

from app import inventory
from app.core.db import Database

IMPORTS = "/v1/supplier/inventory/imports"


def key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4())}


def csv(*rows: str, header: str = "货号,库存数量", encoding: str = "utf-8") -> bytes:
    return "\r\n".join([header, *rows, ""]).encode(encoding)


def xlsx(*rows: tuple, title: str | None = None, dates: str = "yyyy-mm-dd hh:mm") -> bytes:
    """As a spreadsheet program saves it; ``title`` stands above in merged cells."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "default_date_format": dates}) as book:
        sheet = book.add_worksheet()
        if title:
            sheet.merge_range(0, 0, 0, 4, title)
        for number, row in enumerate(rows, start=1 if title else 0):
            for at, value in enumerate(row):
                sheet.write(number, at, value)
    return file.getvalue()


async def upload(client, staff, raw: bytes, **query):
    files = {"file": ("库存.xlsx" if raw.startswith(b"PK") else "stock.csv", raw)}
    return await client.post(IMPORTS, files=files, params=query, headers=staff)


async def work(db: Database, now: datetime) -> int:
    """Let the worker do what is due."""
    steps = 0
    while await inventory.work_on_imports(db, now):
        steps += 1
    return steps


async def checked(client, staff, db, now, raw: bytes, **query) -> dict:
    """The import as it is after its check."""
    sent = await upload(client, staff, raw, **query)
    assert sent.status_code == 202, sent.text
    assert (sent.json()["status"], sent.json()["progress"]) == ("queued", {"done": 0, "total": 0})
    await work(db, now)
    return await look(client, staff, sent.json()["id"])


async def look(client, staff, import_id: str) -> dict:
    answer = await client.get(f"{IMPORTS}/{import_id}", headers=staff)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def apply(client, staff, db, now, import_id: str) -> dict:
    told = await client.post(f"{IMPORTS}/{import_id}/apply", headers=staff | key())
    assert told.status_code == 202, told.text
    await work(db, now)
    return await look(client, staff, import_id)


async def rows(client, staff, import_id: str, **query) -> list[dict]:
    answer = await client.get(f"{IMPORTS}/{import_id}/rows", params={"limit": 100} | query, headers=staff)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def outcomes(client, staff, import_id: str) -> list[tuple]:
    return [
        (row["row"], row["sku"], row["before"], row["after"], row["status"], row["code"])
        for row in await rows(client, staff, import_id)
    ]

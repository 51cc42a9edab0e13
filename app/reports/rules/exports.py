"""Exports: which reports the worker makes as a file, what each is asked with, and why it may be refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

from app.core.errors import DomainError, Fault, InvalidInput
from app.core.sheets import XLSX


class Subject(StrEnum):
    """What is exported."""

    LEDGER = "ledger"
    LINES = "lines"
    SALES = "sales"
    GOALS = "goals"
    HOUSEHOLDS = "households"
    SUPPLIERS = "suppliers"
    PARTNERS = "partners"
    EXCEPTIONS = "exceptions"
    FARM_GATE = "farm-gate"


class FileFormat(StrEnum):
    """How the file is written."""

    CSV = "csv"
    XLSX = "xlsx"
    PDF = "pdf"


MEDIA: Mapping[FileFormat, str] = MappingProxyType(
    {FileFormat.CSV: "text/csv; charset=utf-8", FileFormat.XLSX: XLSX, FileFormat.PDF: "application/pdf"}
)
_DAYS = ("from", "to")
FILTERS = ("kind", "category", "product", "sku", "supplier", "township", "village", "channel", "division", "partner")
TAKES: Mapping[Subject, tuple[tuple[str, ...], tuple[str, ...]]] = MappingProxyType(
    {
        Subject.LEDGER: (_DAYS, FILTERS),
        Subject.LINES: (_DAYS, ()),
        Subject.SALES: (_DAYS, ("group_by", "basis")),
        Subject.GOALS: (("year",), ()),
        Subject.HOUSEHOLDS: (_DAYS, ("group_by",)),
        Subject.SUPPLIERS: (_DAYS, ()),
        Subject.PARTNERS: (_DAYS, ()),
        Subject.EXCEPTIONS: (_DAYS, ("check",)),
        Subject.FARM_GATE: (_DAYS, ("group_by",)),
    }
)
"""What each report must be asked with, and may be."""

CHUNK_BYTES = 1 << 20
"""A file is kept in pieces of about this size."""
MOST_BYTES = 1 << 30
MOST_ATTEMPTS = 4
KEPT_DAYS = 30
"""How long is told what was asked for, after its file is gone."""


def checked(subject: Subject, parameters: Mapping[str, Any]) -> None:
    """Whether a report is asked with what it takes. Raises ``InvalidInput``, pointing at each that is wrong."""
    must, may = TAKES[subject]
    faults = [
        Fault(f"/parameters/{name}", "missing", f"报表 {subject} 需要参数 {name}", f"{subject} needs {name}")
        for name in must
        if name not in parameters
    ] + [
        Fault(
            f"/parameters/{name}",
            "not_taken",
            f"报表 {subject} 不接受该参数，可用：{', '.join((*must, *may))}",
            f"{subject} takes {', '.join((*must, *may))}",
        )
        for name in parameters
        if name not in (*must, *may)
    ]
    if faults:
        raise InvalidInput(faults=faults)


class TooManyExports(DomainError):
    """Others of this account wait already."""

    status = 409
    code = "too_many_exports"
    zh = "您已有 {most} 个导出正在处理，请等其完成或取消后再试。"
    en = "{most} of your exports are being worked on; wait until they are done, or cancel one."


class ExportNotReady(DomainError):
    """There is no file yet."""

    status = 409
    code = "export_not_ready"
    zh = "文件尚未生成完毕，请稍后再下载。"
    en = "The file is not made yet; try again shortly."


class ExportGone(DomainError):
    """There is no file any more, or never was one."""

    status = 410
    code = "export_gone"
    zh = "该导出没有可下载的文件（已过期或生成失败），请重新导出。"
    en = "There is no file: it has expired, or could not be made. Ask for it anew."


class ExportStopped(DomainError):
    """Making it failed again and again."""

    status = 422
    code = "export_stopped"
    zh = "多次生成均未成功，请缩短期间后重试；仍不成功请联系平台管理员。"
    en = "Making it failed again and again; try a shorter period, and if that fails too ask the operators."


class ExportTooLarge(DomainError):
    """The file would be larger than is kept."""

    status = 422
    code = "export_too_large"
    zh = "文件超过 1 GiB，请缩短期间。"
    en = "The file would be larger than 1 GiB; shorten the period."


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an export failed."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Export:
    """A file that somebody asked for, and how far it is: ``done`` of ``total`` rows; ``total`` is 0 until counted.

    ``as_of`` is the moment of its figures, ``sha256`` (hexadecimal) and ``size`` (bytes) are those of the file.
    """

    id: UUID
    subject: Subject
    parameters: Mapping[str, Any]
    form: FileFormat
    language: str
    status: str
    asked_at: datetime
    done: int
    total: int
    name: str | None
    as_of: datetime | None
    finished_at: datetime | None
    expires_at: datetime | None
    size: int | None
    sha256: str | None
    problem: Problem | None

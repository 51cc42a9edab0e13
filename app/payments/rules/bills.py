"""A provider's bills of a day: how they are written, and what differs from our books (domain handbook §6.2, §6.6)."""

from __future__ import annotations

import hashlib
import re
import unicodedata
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from app.core.clock import SHANGHAI
from app.core.errors import DomainError, Fault, InvalidInput, NotFound

MOST_BYTES = 64 << 20
"""Of a bill once it is unpacked: some two hundred thousand rows."""
_GZIP = b"\x1f\x8b"
_YUAN = re.compile(r"(-?)([0-9]{1,13})(?:\.([0-9]{1,5}))?", re.ASCII)
_RATE = re.compile(r"([0-9]{1,2}(?:\.[0-9]{1,4})?)%", re.ASCII)
_SUMMARY = ("总交易单数", "资金流水总笔数")
_MOST_FAULTS = 50


class BillKind(StrEnum):
    """What was traded, or what moved on our account there."""

    TRADE = "trade"
    FUND_FLOW = "fund_flow"


class RowKind(StrEnum):
    """What a row of a bill is about. ``other`` moves money without a payment of ours: withdrawals, deposits."""

    PAYMENT = "payment"
    REFUND = "refund"
    FEE = "fee"
    SPLIT = "split"
    OTHER = "other"


class DifferenceKind(StrEnum):
    """What differs: they have it and we do not, we have it and they do not, or both and not the same."""

    LONG = "LONG"
    SHORT = "SHORT"
    AMOUNT = "AMOUNT"
    STATUS = "STATUS"
    FEE = "FEE"


class DifferenceStatus(StrEnum):
    """``waiting`` may be settled by the next day's bill; ``resolved`` was gone when somebody looked again."""

    OPEN = "open"
    WAITING = "waiting"
    EXPLAINED = "explained"
    RESOLVED = "resolved"


class DayStatus(StrEnum):
    """Where a day of a provider stands. A closed one never changes."""

    OPEN = "open"
    CLOSED = "closed"


class Leg(StrEnum):
    """What is compared: our books with the trades, the trades with the account, or splits with the account.

    The last is done by whoever had the payments split.
    """

    TRADE = "trade"
    FUNDS = "funds"
    SPLITS = "splits"


@dataclass(frozen=True, slots=True)
class BillRow:
    """A row of a bill. ``key`` is our own number, ``transaction`` the provider's; amounts in fen, out is negative."""

    kind: RowKind
    at: datetime
    transaction: str
    key: str
    amount_fen: int
    fee_fen: int
    state: str
    rate_bp: int | None = None


@dataclass(frozen=True, slots=True)
class Bill:
    """A bill as it was read. The hashes are of its unpacked bytes; SHA-1 is what the provider compares by."""

    kind: BillKind
    rows: tuple[BillRow, ...]
    sha1: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Own:
    """A payment or a refund in our books: ``done`` when we say that it succeeded, ``failed`` when it will not."""

    kind: RowKind
    key: str
    amount_fen: int
    done: bool
    failed: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A difference that was found. Of several about the same thing each is of another kind."""

    kind: DifferenceKind
    leg: Leg
    about: RowKind
    key: str
    transaction: str | None
    ours_fen: int | None
    theirs_fen: int | None
    ours: str | None
    theirs: str | None
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference in the queue, and what somebody said of it."""

    id: UUID
    provider: str
    day: date
    kind: DifferenceKind
    leg: Leg
    about: RowKind
    key: str
    transaction: str | None
    ours_fen: int | None
    theirs_fen: int | None
    ours: str | None
    theirs: str | None
    status: DifferenceStatus
    found_at: datetime
    explanation: str | None
    explained_by: UUID | None
    explained_at: datetime | None


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a provider: its bills by their hashes, and how many of its differences wait for an explanation."""

    provider: str
    day: date
    status: DayStatus
    trade_sha256: str | None
    fund_flow_sha256: str | None
    rows: int
    open: int
    waiting: int
    explained: int
    compared_at: datetime | None
    closed_at: datetime | None
    closed_by: UUID | None


class BillUnreadable(DomainError):
    """The file is no bill, or not all of it."""

    status = 422
    code = "bill_unreadable"
    zh = "无法读取账单：{why}。请重新下载后上传原始文件。"
    en = "The bill cannot be read: {why}. Download it again, and hand in the file as it is."


class BillHashDiffers(DomainError):
    """What arrived is not what the provider sent."""

    status = 422
    code = "bill_hash_differs"
    zh = "账单的 SHA-1 与下载时渠道给出的不一致，请重新下载。"
    en = "The bill's SHA-1 is not the one that the provider gave; download it again."


class BillOfAnotherDay(DomainError):
    """A bill belongs to its day."""

    status = 422
    code = "bill_of_another_day"
    zh = "账单中有不属于 {day} 的记录。"
    en = "The bill has rows of other days than {day}."


class DayIsClosed(DomainError):
    """What was closed stays."""

    code = "day_is_closed"
    zh = "{day} 已关账，不能再更改。"
    en = "{day} is closed and cannot be changed any more."


class DayNotReady(DomainError):
    """A day is closed when both bills are there and every difference is gone or explained."""

    code = "day_not_ready"
    zh = "{day} 尚不能关账：{why_zh}。"
    en = "{day} cannot be closed yet: {why}."


class BillsMissing(DomainError):
    """Three are compared, and one of them is not there."""

    code = "bills_missing"
    zh = "对账需要当日的交易账单与资金账单，缺少：{kinds}。"
    en = "Both bills of the day are needed to compare; missing: {kinds}."


class DayNotFound(NotFound):
    """No bill of that day was handed in."""

    zh = "该日尚无账单。"
    en = "No bill of that day was handed in."


def unpacked(raw: bytes) -> bytes:
    """A bill's own bytes, whether they came packed or not. Raises ``BillUnreadable``."""
    if not raw.startswith(_GZIP):
        return raw
    packed = zlib.decompressobj(wbits=31)
    try:
        plain = packed.decompress(raw, MOST_BYTES + 1)
    except zlib.error:
        raise BillUnreadable(why=("压缩包损坏", "it is packed, and broken")) from None
    if len(plain) > MOST_BYTES:
        raise BillUnreadable(why=(f"超过 {MOST_BYTES >> 20} MiB", f"it is larger than {MOST_BYTES >> 20} MiB"))
    if not packed.eof:
        raise BillUnreadable(why=("压缩包不完整", "it is packed, and not whole"))
    return plain


def read(raw: bytes, kind: BillKind) -> Bill:
    """A bill of WeChat Pay, packed or plain: every cell behind a backtick, amounts in yuan, sums at its end.

    Raises ``BillUnreadable``, and ``InvalidInput`` with the cells that cannot be read.
    """
    plain = unpacked(raw)
    try:
        written = plain.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BillUnreadable(why=("不是 UTF-8 文本", "it is not text in UTF-8")) from None
    if "\0" in written:
        raise BillUnreadable(why=("含有空字符（NUL）", "it has a NUL character in it"))
    lines = [line for line in written.split("\n") if line.strip()]
    ends = next((at for at, line in enumerate(lines) if line.startswith(_SUMMARY)), None)
    if not lines or ends is None or ends + 1 >= len(lines):
        raise BillUnreadable(why=("没有汇总行", "there are no sums at its end"))
    titles = [_plain(title) for title in lines[0].split(",")]
    sums = dict(zip([_plain(title) for title in lines[ends].split(",")], _cells(lines[ends + 1]), strict=False))
    rows: list[BillRow] = []
    faults: list[Fault] = []
    reader = _trade if kind is BillKind.TRADE else _fund
    for number, line in enumerate(lines[1:ends], start=2):
        cells = _cells(line)
        if len(cells) != len(titles):
            faults.append(
                Fault(f"/rows/{number}", "wrong_width", "列数与表头不符", "has not the columns of its header")
            )
            continue
        try:
            rows.append(reader(dict(zip(titles, cells, strict=True))))
        except KeyError as missing:
            raise BillUnreadable(why=(f"没有“{missing.args[0]}”列", f"it has no column {missing.args[0]}")) from None
        except ValueError as wrong:
            faults.append(Fault(f"/rows/{number}", "unreadable", f"无法读取：{wrong}", f"cannot be read: {wrong}"))
    if faults:
        raise InvalidInput(faults=faults[:_MOST_FAULTS])
    try:
        _check(kind, rows, sums)
    except (KeyError, ValueError):
        raise BillUnreadable(why=("没有汇总", "there are no sums at its end")) from None
    return Bill(kind, tuple(rows), hashlib.sha1(plain, usedforsecurity=False).hexdigest(), _sha256(plain))


def _sha256(plain: bytes) -> str:
    return hashlib.sha256(plain).hexdigest()


def _plain(title: str) -> str:
    return re.sub(r"\(.*\)", "", unicodedata.normalize("NFKC", title)).strip()


def _cells(line: str) -> list[str]:
    """Names of goods may hold commas, so cells end at a comma and a backtick."""
    return [cell.strip() for cell in line.strip().removeprefix("`").split(",`")]


def _fen(written: str) -> int:
    found = _YUAN.fullmatch(written)
    if found is None:
        raise ValueError(f"{written!r}")
    fen = Decimal(f"{found[1]}{found[2]}.{found[3] or 0}") * 100
    if fen != fen.to_integral_value():
        raise ValueError(f"{written!r}")
    return int(fen)


def _moment(written: str) -> datetime:
    return datetime.strptime(written, "%Y-%m-%d %H:%M:%S").replace(tzinfo=SHANGHAI)


def _trade(row: Mapping[str, str]) -> BillRow:
    at, state, fee = _moment(row["交易时间"]), row["交易状态"], _fen(row["手续费"])
    if state == "REFUND":
        return BillRow(
            RowKind.REFUND,
            at,
            row["微信退款单号"],
            row["商户退款单号"],
            -_fen(row.get("申请退款金额") or row["退款金额"]),
            fee,
            row["退款状态"],
        )
    rate = _RATE.fullmatch(row["费率"])
    return BillRow(
        RowKind.PAYMENT,
        at,
        row["微信订单号"],
        row["商户订单号"],
        _fen(row.get("订单金额") or row["应结订单金额"]),
        fee,
        state,
        None if rate is None else int(Decimal(rate[1]) * 100),
    )


def _fund(row: Mapping[str, str]) -> BillRow:
    named = f"{row['业务名称']} {row['业务类型']}"
    kind = next((kind for word, kind in _BUSINESS if word in named), RowKind.OTHER)
    amount = _fen(row["收支金额"])
    return BillRow(
        kind,
        _moment(row["记账时间"]),
        row["微信支付业务单号"],
        row["业务凭证号"],
        -amount if row["收支类型"] == "支出" else amount,
        0,
        row["业务类型"],
    )


_BUSINESS = (
    ("手续费", RowKind.FEE),
    ("分账", RowKind.SPLIT),
    ("退款", RowKind.REFUND),
    ("交易", RowKind.PAYMENT),
)


def _check(kind: BillKind, rows: Sequence[BillRow], sums: Mapping[str, str]) -> None:
    """Refuse a bill that does not agree with its own sums: part of it is missing, or was changed."""
    if kind is BillKind.TRADE:
        said = (int(sums["总交易单数"]), _fen(sums["手续费总金额"]))
        counted = (len(rows), sum(row.fee_fen for row in rows))
    else:
        said = (int(sums["资金流水总笔数"]), _fen(sums["收入金额"]))
        counted = (len(rows), sum(row.amount_fen for row in rows if row.amount_fen > 0))
    if said != counted:
        raise BillUnreadable(why=("与汇总行不符", "it does not agree with its own sums"))


def fee_of(amount_fen: int, rate_bp: int) -> int:
    """The fee on an amount, rounded half up to a fen."""
    return (2 * amount_fen * rate_bp + 10_000) // 20_000


def compare(
    of_day: Iterable[Own],
    named: Mapping[tuple[RowKind, str], Own],
    trades: Sequence[BillRow],
    beside: Iterable[tuple[RowKind, str]],
    funds: Sequence[BillRow],
    *,
    next_known: bool,
) -> list[Found]:
    """What differs on a day between our books, the provider's trades, and its account.

    ``of_day`` is what we did that day, ``named`` whatever of ours the trades speak of, whenever it was; ``beside`` are
    the keys that the trades of the day before and the day after speak of, because of midnight. What only we have waits
    until the next day's trades are known.
    """
    found: list[Found] = []
    seen = set(beside)
    for row in trades:
        seen.add((row.kind, row.key))
        found += _with_books(row, named.get((row.kind, row.key)))
    for own in of_day:
        if own.done and (own.kind, own.key) not in seen:
            told = (Leg.TRADE, own.kind, own.key, None, own.amount_fen, None, "done", None)
            found.append(Found(DifferenceKind.SHORT, *told, waits=not next_known))
    return [*found, *_with_account(trades, funds)]


def _with_books(row: BillRow, own: Own | None) -> list[Found]:
    theirs = abs(row.amount_fen)
    told = (Leg.TRADE, row.kind, row.key, row.transaction)
    if own is None:
        return [Found(DifferenceKind.LONG, *told, None, theirs, None, row.state)]
    ours = "done" if own.done else "failed" if own.failed else "open"
    both = (own.amount_fen, theirs, ours, row.state)
    found = []
    if own.amount_fen != theirs:
        found.append(Found(DifferenceKind.AMOUNT, *told, *both))
    # A refund's state is that of the evening and not written again, so one that is still going on says nothing.
    succeeded = row.state == "SUCCESS"
    ended = row.kind is RowKind.PAYMENT or row.state in ("SUCCESS", "FAIL", "CLOSED", "ABNORMAL", "CHANGE")
    if ended and (own.done != succeeded if row.kind is RowKind.PAYMENT or own.failed or own.done else False):
        found.append(Found(DifferenceKind.STATUS, *told, *both))
    if row.rate_bp is not None and row.fee_fen != fee_of(theirs, row.rate_bp):
        expected = fee_of(theirs, row.rate_bp)
        found.append(Found(DifferenceKind.FEE, *told, expected, row.fee_fen, ours, row.state))
    return found


def _with_account(trades: Sequence[BillRow], funds: Sequence[BillRow]) -> list[Found]:
    """Each trade and its fee must have moved on the account, and nothing else may have, but splits and our doing."""
    moved: defaultdict[str, dict[RowKind, int]] = defaultdict(lambda: defaultdict(int))
    for row in funds:
        if row.kind in (RowKind.PAYMENT, RowKind.REFUND, RowKind.FEE):
            moved[row.transaction][row.kind] += row.amount_fen
    found = []
    for row in trades:
        told = (Leg.FUNDS, row.kind, row.key, row.transaction)
        there = moved.pop(row.transaction, None)
        if there is None:
            if row.amount_fen:
                found.append(Found(DifferenceKind.SHORT, *told, row.amount_fen, None, row.state, None))
            continue
        if (amount := there.get(row.kind, 0)) != row.amount_fen:
            found.append(Found(DifferenceKind.AMOUNT, *told, row.amount_fen, amount, row.state, None))
        if (fee := -there.get(RowKind.FEE, 0)) != row.fee_fen:
            found.append(Found(DifferenceKind.FEE, *told, row.fee_fen, fee, row.state, None))
    for transaction, there in moved.items():
        kind = next(kind for kind in (RowKind.PAYMENT, RowKind.REFUND, RowKind.FEE) if kind in there)
        total = sum(there.values())
        found.append(Found(DifferenceKind.LONG, Leg.FUNDS, kind, transaction, transaction, None, total, None, None))
    return found

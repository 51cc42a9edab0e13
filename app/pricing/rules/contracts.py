"""Contract price lists and the codes of partners: values and refusals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from stdnum import ean

from app.core.clock import local_day
from app.core.errors import DomainError, Fault
from app.pricing.rules import MAX_PRICE_FEN

_GTIN_DIGITS = frozenset({8, 12, 13, 14})
_GTIN13 = 13
_ITF14 = 14
_CASE_INDICATORS = "12345678"  # 9 marks goods of varying weight, 0 none at all (GS1 General Specifications §2.1.7)


@dataclass(frozen=True, slots=True)
class ContractItem:
    """A line of a partner's price list as it stands on a day. Prices in fen per sales unit, tax included."""

    sku: str
    name: str
    product_id: UUID
    product_name: str
    supplier_id: UUID
    price_fen: int
    promotion: bool
    case_pack: int
    min_cases: int
    multiple_cases: int
    min_life_days: int | None
    tax_rate_bp: int
    net_weight_g: int
    partner_item_code: str | None
    gtin13: str | None
    itf14: str | None


@dataclass(frozen=True, slots=True)
class Codes:
    """What a line of somebody's order calls the goods by; at least one of them. ``gtin`` is of the unit or the case."""

    sku: str | None = None
    partner_item_code: str | None = None
    gtin: str | None = None


class QuestionKind(StrEnum):
    """Why it is not known which goods are meant."""

    UNKNOWN_CODE = "unknown_code"
    AMBIGUOUS_CODE = "ambiguous_code"
    CODE_CONFLICT = "code_conflict"


@dataclass(frozen=True, slots=True)
class Question:
    """What has to be asked instead of guessed: the field and code in doubt, and the SKUs that it could mean.

    ``zh`` and ``en`` ask it in words. ``field`` is ``sku``, ``partner_item_code`` or ``gtin``.
    """

    kind: QuestionKind
    field: str
    code: str
    skus: tuple[str, ...]
    zh: str
    en: str

    def fault(self, at: str) -> Fault:
        """The question as a fault of the line at the JSON pointer ``at``."""
        return Fault(f"{at}/{self.field}", self.kind.value, self.zh, self.en)


@dataclass(frozen=True, slots=True)
class Mapping:
    """A partner's name for one of our SKUs; None where it has none. The case pack is what it orders multiples of."""

    sku: str
    partner_item_code: str | None
    gtin13: str | None
    itf14: str | None
    case_pack: int
    pallet_cases: int | None


@dataclass(frozen=True, slots=True)
class Named:
    """Goods as a catalogue names them: ours, or a partner's."""

    sku: str
    name: str
    partner_item_code: str | None
    gtin13: str | None
    itf14: str | None


@dataclass(frozen=True, slots=True)
class NewPrice:
    """A price for days of a contract, in fen per sales unit, tax included and delivered."""

    sku: str
    price_fen: int
    valid_from: date
    valid_to: date
    promotion: bool = False
    min_cases: int = 1
    multiple_cases: int = 1
    min_life_days: int | None = None


@dataclass(frozen=True, slots=True)
class ListedPrice:
    """A row of a contract's price list; from the day of ``withdrawn_at`` on it does not hold any more."""

    id: UUID
    contract_id: UUID
    sku: str
    price_fen: int
    promotion: bool
    min_cases: int
    multiple_cases: int
    min_life_days: int | None
    valid_from: date
    valid_to: date
    withdrawn_at: datetime | None

    @property
    def last_on(self) -> date:
        """The last day on which it holds, before its first if it never did."""
        if self.withdrawn_at is None:
            return self.valid_to
        return min(self.valid_to, local_day(self.withdrawn_at) - timedelta(days=1))


class ItemCodeTaken(DomainError):
    """The partner calls another of our goods by this code."""

    code = "item_code_taken"
    zh = "该合作商超的另一商品已使用此编码，请先核对对照关系。"
    en = "The partner calls another of our goods by this code; check which is meant first."


class CodeConflict(DomainError):
    """A code says other goods than the row: ``errors`` name both, and ask which is meant."""

    status = 422
    code = "code_conflict"
    zh = "编码与商品不一致，请按 errors 中的提示核对是哪一种商品。"
    en = "A code says other goods than the row does; see in `errors` which, and check."


class InvalidItem(DomainError):
    """A code cannot be; ``errors`` say why."""

    status = 422
    code = "invalid_item"
    zh = "商品对照有误，请按 errors 中的提示修改。"
    en = "The mapping is not valid; correct what `errors` points at."


class InvalidPriceList(DomainError):
    """Rows of a price list cannot be; ``errors`` say which and why."""

    status = 422
    code = "invalid_price_list"
    zh = "价目表有误，请按 errors 中的提示修改。"
    en = "The price list is not valid; correct what `errors` points at."


class PriceWithdrawn(DomainError):
    """The price was withdrawn before."""

    code = "price_withdrawn"
    zh = "该价格已撤回。"
    en = "This price was withdrawn before."


class PriceListOverlaps(DomainError):
    """The price list has a price for the same goods in the same days."""

    code = "price_list_overlaps"
    zh = "同一合同中，该商品在这段日期内已有价格。"
    en = "The contract has a price for these goods in these days."


@dataclass(frozen=True, slots=True)
class Warned:
    """Something about a row of a price list, the ``row``-th, that is allowed and should be known."""

    row: int
    code: str
    zh: str
    en: str

    NOTICE: ClassVar[str] = "short_notice"


def index(items: Iterable[ContractItem]) -> Index:
    """Items found by each of the codes that they go by."""
    by_code: dict[tuple[str, str], list[ContractItem]] = defaultdict(list)
    for item in items:
        by_code["sku", item.sku.upper()].append(item)
        if item.partner_item_code:
            by_code["partner_item_code", item.partner_item_code].append(item)
        for code in {_padded(code) for code in (item.gtin13, item.itf14) if code}:
            by_code["gtin", code].append(item)
    return Index(by_code)


@dataclass(frozen=True, slots=True)
class Index:
    """The goods of a price list by code, so that a thousand lines need not look through it a thousand times."""

    by_code: dict[tuple[str, str], list[ContractItem]]

    def find(self, codes: Codes) -> ContractItem | Question:
        """Which goods are meant, or what has to be asked: nothing is guessed.

        Codes are compared without blanks around them. A GTIN may be that of the unit (8, 12 or 13 digits, padded with
        zeros or not) or of a case (ITF-14) of it. Raises ``ValueError`` when there is no code at all.
        """
        found: list[tuple[str, str, ContractItem]] = []
        for field, code in (("sku", codes.sku), ("partner_item_code", codes.partner_item_code), ("gtin", codes.gtin)):
            if code is None or not code.strip():
                continue
            meant = self._meant(field, code.strip())
            if len(meant) != 1:
                return _ambiguous(field, code.strip(), meant) if meant else _unknown(field, code.strip())
            found.append((field, code.strip(), meant[0]))
        if not found:
            raise ValueError("a line without any code")
        _, _, item = found[0]
        for field, code, other in found[1:]:
            if other.sku != item.sku:
                return _conflict(field, code, other, item)
        return item

    def _meant(self, field: str, code: str) -> list[ContractItem]:
        if field == "sku":
            return self.by_code.get((field, code.upper()), [])
        if field == "partner_item_code":
            return self.by_code.get((field, code), [])
        meant = {item.sku: item for key in _readings(code) for item in self.by_code.get((field, key), [])}
        return list(meant.values())


def resolve_codes(items: Iterable[ContractItem], wanted: Sequence[Codes]) -> list[ContractItem | Question]:
    """For each line the goods of the price list that its codes mean, or the question that they leave."""
    found = index(items)
    return [found.find(codes) for codes in wanted]


def unit_of_case(itf14: str) -> str | None:
    """The GTIN-13 of the unit that a case's ITF-14 contains, or None if it contains none."""
    if len(itf14) != _ITF14 or itf14[0] not in _CASE_INDICATORS or not ean.is_valid(itf14):
        return None
    body = itf14[1:_GTIN13]
    return body + ean.calc_check_digit(body)


def check_codes(wanted: Mapping, goods: str, named: Iterable[Named]) -> None:
    """Refuse a mapping whose codes cannot be, or mean other goods: ``named`` are those that share one of them.

    ``goods`` is what the SKU is called. Raises ``InvalidItem`` and ``CodeConflict``.
    """
    faults = []
    if wanted.gtin13 is not None and not (len(wanted.gtin13) == _GTIN13 and ean.is_valid(wanted.gtin13)):
        faults.append(Fault("/gtin13", "invalid_gtin", "商品条码应为 13 位且校验码正确", "not a valid GTIN-13"))
    if wanted.itf14 is not None and not (len(wanted.itf14) == _ITF14 and ean.is_valid(wanted.itf14)):
        faults.append(Fault("/itf14", "invalid_itf", "箱码应为 14 位且校验码正确", "not a valid ITF-14"))
    if faults:
        raise InvalidItem(faults=faults)
    unit = unit_of_case(wanted.itf14) if wanted.itf14 else None
    for other in named:
        if other.sku == wanted.sku:
            continue
        theirs = {other.gtin13, unit_of_case(other.itf14) if other.itf14 else None} - {None}
        if wanted.partner_item_code is not None and wanted.partner_item_code == other.partner_item_code:
            faults.append(_asks("/partner_item_code", wanted.partner_item_code, other, wanted.sku, goods))
        if wanted.gtin13 in theirs:
            faults.append(_asks("/gtin13", str(wanted.gtin13), other, wanted.sku, goods))
        if wanted.itf14 is not None and (wanted.itf14 == other.itf14 or unit in theirs):
            faults.append(_asks("/itf14", wanted.itf14, other, wanted.sku, goods))
    if faults:
        raise CodeConflict(faults=list(dict.fromkeys(faults)))


def check_prices(rows: Sequence[NewPrice], listed: Iterable[ListedPrice], first: date, last: date) -> None:
    """Refuse prices outside of the contract's days ``first`` to ``last``, or for days that have one of their sort.

    Raises ``InvalidPriceList`` with everything that is wrong.
    """
    faults = []
    taken = [(row.sku, row.promotion, row.valid_from, row.last_on) for row in listed if row.valid_from <= row.last_on]
    for at, row in enumerate(rows):
        if not 1 <= row.price_fen <= MAX_PRICE_FEN:
            faults.append(Fault(f"/rows/{at}/price_fen", "out_of_range", "价格超出允许范围", "out of range"))
        if row.min_cases < 1 or row.multiple_cases < 1:
            faults.append(Fault(f"/rows/{at}/min_cases", "out_of_range", "起订箱数和倍数至少为 1", "at least one case"))
        if row.min_life_days is not None and row.min_life_days < 0:
            faults.append(Fault(f"/rows/{at}/min_life_days", "out_of_range", "剩余天数不能为负", "not negative"))
        if row.valid_to < row.valid_from:
            faults.append(
                Fault(f"/rows/{at}/valid_to", "ends_before_it_begins", "终止日早于起始日", "before its start")
            )
        elif row.valid_from < first or row.valid_to > last:
            zh, en = f"应在合同期 {first} 至 {last} 之内", f"the contract holds from {first} to {last}"
            faults.append(Fault(f"/rows/{at}/valid_from", "outside_contract", zh, en))
        for sku, promotion, start, end in taken:
            if (sku, promotion) == (row.sku, row.promotion) and start <= row.valid_to and row.valid_from <= end:
                zh = f"{row.sku} 在 {start} 至 {end} 已有{'促销价' if promotion else '价格'}，请先撤回或调整日期"
                en = f"{row.sku} has a price from {start} to {end}; withdraw that one or choose other days"
                faults.append(Fault(f"/rows/{at}/valid_from", "price_list_overlaps", zh, en))
        taken.append((row.sku, row.promotion, row.valid_from, row.valid_to))
    if faults:
        raise InvalidPriceList(faults=faults)


def notices(rows: Sequence[NewPrice], listed: Sequence[ListedPrice], *, today: date, notice_days: int) -> list[Warned]:
    """Where a price that the partner knows changes sooner than ``notice_days`` from today (domain handbook §4.3)."""
    soon = today + timedelta(days=notice_days)
    warned = []
    for at, row in enumerate(rows):
        if row.promotion or row.valid_from >= soon:
            continue
        before = [old for old in listed if (old.sku, old.promotion) == (row.sku, False) and old.valid_from <= today]
        known = max(before, key=lambda old: old.valid_from, default=None)
        if known is not None and known.price_fen != row.price_fen:
            zh = f"{row.sku} 调价应提前 {notice_days} 天通知，最早自 {soon} 起；请确认已与合作商超商定"
            en = f"a change of {row.sku}'s price needs {notice_days} days of notice, from {soon} on; agree it first"
            warned.append(Warned(at, Warned.NOTICE, zh, en))
    return warned


def _readings(code: str) -> set[str]:
    """The keys under which a scanned code may stand: its own, and that of the unit in the case."""
    if not (code.isascii() and code.isdigit()) or len(code) not in _GTIN_DIGITS:
        return set()
    unit = unit_of_case(code)
    return {_padded(code)} | ({_padded(unit)} if unit else set())


def _padded(code: str) -> str:
    return code.zfill(_ITF14)


_FIELDS = {"sku": "平台货号", "partner_item_code": "商品编码", "gtin": "条码", "gtin13": "条码", "itf14": "箱码"}


def _unknown(field: str, code: str) -> Question:
    zh = f"{_FIELDS[field]}“{code}”不在本合同的价目表中；请核对编码，或先登记商品对照"
    en = f"“{code}” is not on this contract's price list; check the code or have the item mapped first"
    return Question(QuestionKind.UNKNOWN_CODE, field, code, (), zh, en)


def _ambiguous(field: str, code: str, meant: Sequence[ContractItem]) -> Question:
    names = "、".join(f"{item.product_name} {item.name}（{item.sku}）" for item in meant)
    zh = f"{_FIELDS[field]}“{code}”对应多种商品：{names}；请改用平台货号"
    en = f"“{code}” may mean {names}; give the SKU instead"
    return Question(QuestionKind.AMBIGUOUS_CODE, field, code, tuple(item.sku for item in meant), zh, en)


def _conflict(field: str, code: str, other: ContractItem, item: ContractItem) -> Question:
    one, two = f"{item.product_name} {item.name}（{item.sku}）", f"{other.product_name} {other.name}（{other.sku}）"
    zh = f"本行另有编码指向 {one}，而{_FIELDS[field]}“{code}”是 {two}；请核对要订的是哪一种"
    en = f"another code of this line means {one}, but “{code}” is {two}; check which one is wanted"
    return Question(QuestionKind.CODE_CONFLICT, field, code, (item.sku, other.sku), zh, en)


def _asks(pointer: str, code: str, other: Named, sku: str, goods: str) -> Fault:
    field = _FIELDS[pointer[1:]]
    zh = f"{field}“{code}”属于 {other.name}（{other.sku}），而本行对应 {goods}（{sku}）；请核对是哪一种商品"
    en = f"“{code}” is {other.name} ({other.sku}), but this row is for {goods} ({sku}); which one is meant?"
    return Fault(pointer, QuestionKind.CODE_CONFLICT.value, zh, en)

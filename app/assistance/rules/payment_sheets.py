"""Payments to households by sheet: which columns are understood, and what a row of it says; no database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from app.assistance.rules.attribution import OF_MATERIAL
from app.assistance.rules.households import LinkKind, Payment, amount_of
from app.core import sheets
from app.core.errors import DomainError
from app.core.sheets import BadCell, Cell, Column, Limits, Row, RowFault

MOST_ROWS = 5_000
LIMITS = Limits(rows=MOST_ROWS)

COLUMNS = (
    Column("household_no", ("农户编号", "户编号", "户号", "农户编码", "农户号", "编号", "householdno")),
    Column(
        "supplier",
        ("供应商", "供应商编号", "供应商编码", "供应商名称", "付款单位", "经营主体", "supplier"),
        required=False,
    ),
    Column("kind", ("收益类型", "联结方式", "收益类别", "款项类型", "类型", "收益方式", "kind")),
    Column("category", ("产品线", "品类", "产品", "产品类别", "category"), required=False),
    Column("paid_on", ("付款日期", "支付日期", "发放日期", "转账日期", "日期", "付款日", "paidon")),
    Column(
        "quantity",
        ("数量", "重量", "重量公斤", "公斤数", "斤两", "天数", "工日", "亩数", "股数", "quantity"),
        required=False,
    ),
    Column("unit_price", ("单价", "收购单价", "收购价", "日工资", "每亩租金", "unitprice"), required=False),
    Column("amount", ("金额", "付款金额", "实付金额", "发放金额", "金额元", "amount"), required=False),
    Column("reference_price", ("参考价", "市场参考价", "市场价", "referenceprice"), required=False),
    Column("lot_code", ("批次", "批号", "批次号", "lot"), required=False),
    Column("own_account", ("本户账户", "是否本户账户", "付至本户", "是否本户"), required=False),
    Column(
        "voucher_no",
        ("凭证号", "凭证编号", "单据号", "流水号", "磅单号", "转账流水号", "凭证", "voucherno"),
        required=False,
    ),
)

_KINDS: Mapping[str, LinkKind] = {
    word: kind
    for kind, words in {
        LinkKind.PURCHASE: ("订单收购", "收购", "收购款", "原料收购", "鲜叶款", "采购"),
        LinkKind.WAGE: ("务工", "工资", "务工工资", "劳务", "劳务费", "用工"),
        LinkKind.RENT: ("土地流转", "流转", "租金", "土地租金", "流转费"),
        LinkKind.DIVIDEND: ("入股分红", "分红", "股份分红", "入股"),
        LinkKind.SERVICE: ("代销代加工", "代销", "代加工", "加工费"),
        LinkKind.REBATE: ("二次返利", "返利", "盈余返还"),
    }.items()
    for word in (*words, kind.value, kind.value.lower())
}
_YES, _NO = ("是", "本户", "y", "yes", "true", "1", "√"), ("否", "他人", "n", "no", "false", "0")


class SheetEmpty(DomainError):
    """A header and nothing below it."""

    status = 422
    code = "sheet_empty"
    zh = "表头下没有任何数据行，请填写后再上传。"
    en = "There is no row below the header; fill the sheet in and upload it again."


@dataclass(slots=True)
class SheetRow:
    """One row as it was read: who and what it names, and what is wrong with it or should be looked at.

    ``warnings`` do not keep a row out. ``payment`` stands once the names are resolved and nothing is wrong.
    """

    number: int
    household_no: str | None
    supplier: str | None
    kind: LinkKind | None
    category: str | None
    paid_on: date | None
    quantity_milli: int | None
    unit_price_fen: int | None
    amount_fen: int | None
    reference_price_fen: int | None
    lot_code: str | None
    to_own_account: bool
    voucher_no: str | None
    faults: list[RowFault] = field(default_factory=list)
    warnings: list[RowFault] = field(default_factory=list)
    payment: Payment | None = None

    def refuse(self, column: str, code: str, zh: str, en: str) -> None:
        """Note why the row cannot be taken."""
        self.faults.append(RowFault(column, code, zh, en))

    def resolve(self, household: UUID | None, supplier: UUID | None, lot: UUID | None) -> None:
        """Say whom the row names; None is unknown."""
        if self.household_no is not None and household is None:
            self.refuse("household_no", "unknown_household", "没有登记该农户编号", "no such household is registered")
        if supplier is None:
            self.refuse("supplier", "unknown_supplier", "没有该供应商", "there is no such supplier")
        if self.lot_code is not None and lot is None:
            self.refuse("lot_code", "unknown_lot", "没有该供应商的该批次", "no such lot of the supplier")
        if self.faults or household is None or supplier is None or self.kind is None or self.paid_on is None:
            return
        self.payment = Payment(
            household_id=household,
            supplier_id=supplier,
            kind=self.kind,
            category=self.category,
            paid_on=self.paid_on,
            quantity_milli=self.quantity_milli,
            unit_price_fen=self.unit_price_fen,
            amount_fen=self.amount_fen or 0,
            reference_price_fen=self.reference_price_fen,
            lot_id=lot,
            to_own_account=self.to_own_account,
            reverses=None,
            voucher_no=self.voucher_no,
        )


@dataclass(frozen=True, slots=True)
class CheckedSheet:
    """What would become of a sheet: its rows, and what those that can be taken come to."""

    rows: list[SheetRow]

    @property
    def rejected(self) -> int:
        """Rows that cannot be taken."""
        return sum(bool(row.faults) for row in self.rows)

    @property
    def warned(self) -> int:
        """Rows that can be taken and should be looked at."""
        return sum(bool(row.warnings) and not row.faults for row in self.rows)

    @property
    def total_fen(self) -> int:
        """Of the rows that can be taken."""
        return sum(row.payment.amount_fen for row in self.rows if row.payment is not None and not row.faults)

    @property
    def by_trouble(self) -> list[SheetRow]:
        """The rows that cannot be taken, those to be looked at, and the others, each in their order."""
        return sorted(self.rows, key=lambda row: (not row.faults, not row.warnings, row.number))

    @property
    def payments(self) -> list[Payment]:
        """Of the rows that can be taken, in their order."""
        return [row.payment for row in self.rows if row.payment is not None and not row.faults]


def read_row(row: Row, lines: Mapping[str, str], today: date) -> SheetRow:
    """A row as it says itself; ``lines`` are product lines by what people call them."""

    def kind(cell: Cell) -> LinkKind:
        found = _KINDS.get(sheets.text(cell).replace(" ", ""))
        if found is None:
            zh = "应为 收购、务工、土地流转、分红、代销代加工 或 返利"
            raise BadCell("unknown_kind", zh, "must be purchase, wage, rent, dividend, service or rebate")
        return found

    def line(cell: Cell) -> str:
        found = lines.get(sheets.text(cell).replace(" ", ""))
        if found is None:
            raise BadCell("unknown_category", "没有该产品线", "there is no such product line")
        return found

    def own(cell: Cell) -> bool:
        said = sheets.text(cell).strip().lower()
        if said not in (*_YES, *_NO):
            raise BadCell("not_yes_or_no", "应为 是 或 否", "must be yes or no")
        return said in _YES

    to_own = row.take("own_account", own, optional=True)
    made = SheetRow(
        number=row.number,
        household_no=row.take("household_no", sheets.code),
        supplier=row.take("supplier", sheets.text, optional=True),
        kind=row.take("kind", kind),
        category=row.take("category", line, optional=True),
        paid_on=row.take("paid_on", sheets.day),
        quantity_milli=row.take("quantity", sheets.thousandths, optional=True),
        unit_price_fen=row.take("unit_price", sheets.amount_fen, optional=True),
        amount_fen=row.take("amount", sheets.amount_fen, optional=True),
        reference_price_fen=row.take("reference_price", sheets.amount_fen, optional=True),
        lot_code=row.take("lot_code", sheets.code, optional=True),
        to_own_account=True if to_own is None else to_own,
        voucher_no=row.take("voucher_no", sheets.code, optional=True),
        faults=row.faults,
    )
    _judge(made, today)
    return made


def _judge(row: SheetRow, today: date) -> None:
    if row.paid_on is not None and row.paid_on > today:
        row.refuse("paid_on", "in_future", "付款日期在未来", "lies in the future")
    if row.kind is not None and (row.category is not None) != (row.kind in OF_MATERIAL):
        zh = "收购、代销代加工、返利须填产品线，其他不填"
        row.refuse("category", "category", zh, "of purchases, services and rebates, and of nothing else")
    exact = None
    if row.quantity_milli is not None and row.unit_price_fen is not None:
        exact = amount_of(row.quantity_milli, row.unit_price_fen)
    elif row.kind is LinkKind.PURCHASE:
        row.refuse("quantity", "missing", "收购须填重量和单价", "a purchase has weight and price")
    if row.amount_fen is None:
        row.amount_fen = exact
    if not row.amount_fen:
        row.refuse("amount", "missing", "须填金额，或数量和单价", "an amount, or quantity and unit price")
    elif exact is not None and exact != row.amount_fen:
        row.refuse("amount", "amount_differs", "金额不等于数量×单价", "is not quantity × price")

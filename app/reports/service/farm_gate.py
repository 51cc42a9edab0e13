"""What farmers and suppliers got of each price, as a table."""

from __future__ import annotations

from app.reports.rules.tables import Column, Drawing, Kind, Said, Table, Text
from app.reports.service import words
from app.settlement import FARM_GATE_MEASURES, FarmGateGroup, FarmGateShares

_TITLES = {
    "month": words.TITLES["month"],
    "supplier_id": words.TITLES["supplier_id"],
    "supplier": words.TITLES["supplier"],
    "township_code": words.TITLES["township_code"],
    "township": words.TITLES["township"],
    "category": words.TITLES["category"],
    "sku": words.TITLES["sku"],
    "name": Said("商品", "Goods"),
    "channel": words.TITLES["channel"],
    "line_id": Said("订单行编号", "Line id"),
    "order_number": Said("订单号", "Order"),
    "quantity": Said("数量", "Quantity"),
    "listed_fen": Said("标价（元）", "Listed (yuan)"),
    "supplier_discount_fen": Said("商家优惠（元）", "Off by supplier (yuan)"),
    "platform_discount_fen": Said("平台优惠（元）", "Off by platform (yuan)"),
    "district_discount_fen": Said("区县补贴（元）", "Off by district (yuan)"),
    "paid_fen": Said("买家支付（元）", "Paid (yuan)"),
    "refunded_fen": Said("退款（元）", "Refunded (yuan)"),
    "added_fen": Said("他方净补（元）", "Added by others (yuan)"),
    "tax_fen": Said("价内增值税（元）", "VAT within (yuan)"),
    "commission_fen": Said("平台佣金（元）", "Commission (yuan)"),
    "farm_gate_fen": Said("产地货款（元）", "Farm gate (yuan)"),
    "freight_fen": Said("运费（元）", "Freight (yuan)"),
    "adjustment_fen": Said("更正（元）", "Corrections (yuan)"),
    "supplier_fen": Said("供货方合计（元）", "Supplier (yuan)"),
    "share_bp": Said("产地所得（万分比）", "Farm gate share (per 10,000)"),
    "days_to_paid": Said("到账天数", "Days to paid"),
}
_OFF_PAPER = frozenset(
    ("supplier_id", "township_code", "line_id", "supplier_discount_fen", "platform_discount_fen",
     "district_discount_fen", "added_fen", "tax_fen", "adjustment_fen")
)  # fmt: skip
"""What a page has no room for; the workbook has it."""
_WORDS = {"category": words.CATEGORY_NAMES, "channel": words.CHANNELS}
_WIDTHS = {"month": 12, "supplier": 26, "name": 26, "supplier_id": 38, "line_id": 38, "order_number": 20}
_NOTES = (
    Said(
        "买家支付 − 退款 + 他方净补 = 平台佣金 + 产地货款；产地货款 + 运费 + 更正 = 供货方合计，与结算分录逐分一致。",
        "Paid − refunded + added by others = commission + farm gate; farm gate + freight + corrections = supplier; all "
        "of it equals the settlement journal to the fen.",
    ),
    Said(
        "按买家确认收货、商超验收、退款到账之日归期；到账天数为已付款部分从买家付款到供货方收款的平均天数。",
        "A sale stands on the day on which its buyer accepted it or a supermarket took it in, a refund on the day on "
        "which it arrived. Days to paid are the mean from the buyer's payment to the supplier's, of what was paid out.",
    ),
)
_MOST_BARS = 12
_NAMED = {FarmGateGroup.SUPPLIER: 1, FarmGateGroup.TOWNSHIP: 1, FarmGateGroup.SKU: 1, FarmGateGroup.LINE: 1}
"""Where a group's name stands among its columns, if it has an id or code before it."""


def farm_gate_table(shares: FarmGateShares) -> Table:
    """The report in both languages, and what reached the farm gate as bars of its first group."""
    question = shares.question
    header = question.header
    named, net = header[_NAMED.get(question.groups[0], 0)], header.index("farm_gate_fen")
    named_at = header.index(named)
    sums: dict[Text, int] = {}
    for row in shares.rows:
        label = _WORDS.get(named, {}).get(row[named_at], row[named_at]) or words.REST
        sums[label] = sums.get(label, 0) + row[net]
    bars = list(sums.items())
    if named != "month":
        bars = sorted(bars, key=lambda bar: -bar[1])[:_MOST_BARS]
    return Table(
        name=f"farm-gate-{question.first}-{question.last}",
        title=Said("产地所得", "Farm gate"),
        as_of=shares.as_of,
        columns=[_column(key) for key in header],
        rows=shares.rows,
        totals=[None] * (len(header) - len(FARM_GATE_MEASURES)) + list(shares.totals),
        particulars=[(words.PERIOD, words.span(question.first, question.last))],
        notes=_NOTES,
        drawing=Drawing(
            Said(f"产地货款（元），按{_TITLES[named].zh}", f"Farm gate (yuan) by {_TITLES[named].en.lower()}"),
            [Column(named, _TITLES[named]), _column("farm_gate_fen")],
            bars,
        ),
    )


def _column(key: str) -> Column:
    kind: Kind = "month" if key == "month" else "text"
    if key.endswith("_fen"):
        kind = "yuan"
    elif key in FARM_GATE_MEASURES:
        kind = "whole"
    width = 16 if kind == "yuan" else _WIDTHS.get(key, 14)
    return Column(key, _TITLES[key], kind, width, on_paper=key not in _OFF_PAPER, words=_WORDS.get(key, {}))

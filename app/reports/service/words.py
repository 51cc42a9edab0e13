"""What a sales report says in Chinese and in English. The names of goods and places stay as they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.catalogue import CATEGORIES
from app.reports.rules import Basis, Group


@dataclass(frozen=True, slots=True)
class Words:
    """One language. ``columns`` names what ``Question.header`` has, amounts in yuan."""

    title: str
    columns: Mapping[str, str]
    groups: Mapping[Group, str]
    channels: Mapping[str, str]
    categories: Mapping[str, str]
    bases: Mapping[Basis, str]
    counted: Mapping[Basis, str]
    period: str
    span: str
    basis: str
    grouped: str
    comma: str
    as_of: str
    undelivered: str
    total: str
    none: str
    rest: str
    chart: str
    overview: str
    sums: str
    digest: str


_ZH = Words(
    title="销售报表",
    columns={
        "month": "月份",
        "day": "日期",
        "category": "类别",
        "product_id": "商品编号",
        "product": "商品",
        "sku": "货号",
        "supplier_id": "供应商编号",
        "supplier": "供应商",
        "township_code": "乡镇代码",
        "township": "产地乡镇",
        "channel": "渠道",
        "division_code": "区划代码",
        "division": "销往地区",
        "partner_id": "合作方编号",
        "partner": "合作方",
        "orders": "订单数",
        "quantity": "件数",
        "gross_fen": "销售额（元）",
        "refunded_fen": "退款（元）",
        "net_fen": "净额（元）",
    },
    groups={
        Group.MONTH: "月份",
        Group.DAY: "日期",
        Group.CATEGORY: "类别",
        Group.PRODUCT: "商品",
        Group.SKU: "货号",
        Group.SUPPLIER: "供应商",
        Group.TOWNSHIP: "产地乡镇",
        Group.CHANNEL: "渠道",
        Group.DIVISION: "销往地区",
        Group.PARTNER: "合作方",
    },
    channels={"retail": "零售", "supermarket": "商超", "organisation": "单位采购"},
    categories={category.slug: category.name for category in CATEGORIES},
    bases={Basis.COUNTED: "按计入日", Basis.PAID: "按付款日"},
    counted={
        Basis.COUNTED: (
            "统计方法：买家签收且无未决售后，或送达满期自动确认后，销售计入完成当日；此后的退款以负数计入退款到账当日，"
            "不改动此前的月份。金额已扣除优惠，不含运费；取自仅可追加的帮扶台账，合计与台账分文不差。"
        ),
        Basis.PAID: (
            "统计方法：销售计入付款当日，退款计入到账当日，尚未签收的订单也在其中，因此与按计入日统计的帮扶台账不同。"
            "金额已扣除优惠，不含运费。"
        ),
    },
    period="期间",
    span="{first} 至 {last}（含首尾，北京时间）",
    basis="口径",
    grouped="分组",
    comma="、",
    as_of="数据截至",
    undelivered="另有 {count} 项已发生的销售或退款尚未计入。",
    total="合计",
    none="（无）",
    rest="其余",
    chart="净额（元），按{group}",
    overview="图表",
    sums="同一订单出现在几行中时，合计只计一单。",
    digest="同一报表 CSV 文件（format=csv）的 SHA-256 校验值：",
)
_EN = Words(
    title="Sales report",
    columns={
        "month": "Month",
        "day": "Day",
        "category": "Category",
        "product_id": "Product id",
        "product": "Product",
        "sku": "SKU",
        "supplier_id": "Supplier id",
        "supplier": "Supplier",
        "township_code": "Township code",
        "township": "Township of origin",
        "channel": "Channel",
        "division_code": "Division code",
        "division": "Sold to",
        "partner_id": "Partner id",
        "partner": "Partner",
        "orders": "Orders",
        "quantity": "Quantity",
        "gross_fen": "Gross (yuan)",
        "refunded_fen": "Refunded (yuan)",
        "net_fen": "Net (yuan)",
    },
    groups={
        Group.MONTH: "month",
        Group.DAY: "day",
        Group.CATEGORY: "category",
        Group.PRODUCT: "product",
        Group.SKU: "SKU",
        Group.SUPPLIER: "supplier",
        Group.TOWNSHIP: "township of origin",
        Group.CHANNEL: "channel",
        Group.DIVISION: "place sold to",
        Group.PARTNER: "partner",
    },
    channels={"retail": "Retail", "supermarket": "Supermarket", "organisation": "Organisation"},
    categories={
        "golden-tea": "Golden tea",
        "dark-tea": "Dark tea",
        "camellia-oil": "Camellia oil",
        "navel-orange": "Navel oranges",
        "gift-set": "Gift sets",
    },
    bases={Basis.COUNTED: "by the day of counting", Basis.PAID: "by the day of payment"},
    counted={
        Basis.COUNTED: (
            "How it is counted: a sale counts on the day it is completed, signed for with no claim open or "
            "confirmed by time after delivery. A later refund counts as a negative amount on the day it arrives and "
            "leaves earlier months alone. Amounts are after discounts and without freight. They are those of the "
            "append-only ledger, and the totals equal it to the fen."
        ),
        Basis.PAID: (
            "How it is counted: a sale counts on the day it is paid and a refund on the day it arrives, parcels still "
            "on their way included, so the figures differ from the ledger of counted sales. Amounts are after "
            "discounts and without freight."
        ),
    },
    period="Period",
    span="{first} to {last} (both included, Beijing time)",
    basis="Basis",
    grouped="Grouped by",
    comma=", ",
    as_of="As of",
    undelivered="{count} sales or refunds have happened and are not counted yet.",
    total="Total",
    none="(none)",
    rest="Others",
    chart="Net (yuan) by {group}",
    overview="Chart",
    sums="An order that appears in several rows is one order in the total.",
    digest="SHA-256 of the same report as a CSV file (format=csv):",
)
WORDS: Mapping[str, Words] = MappingProxyType({"zh": _ZH, "en": _EN})

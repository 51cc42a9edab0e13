"""What auditors look for in counted sales (domain handbook §2.9): one check for each question, and what it found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from app.core.money import yuan
from app.reports.rules.tables import Said


class Check(StrEnum):
    """A question that an auditor asks of the ledger."""

    CLAIMED_ELSEWHERE = "claimed_elsewhere"
    REFUND_NOT_DEDUCTED = "refund_not_deducted"
    COUNTED_THEN_CANCELLED = "counted_then_cancelled"
    SELF_PURCHASE = "self_purchase"
    REFUND_AFTER_YEAR_END = "refund_after_year_end"
    YEAR_END_SPIKE = "year_end_spike"
    CERTIFICATE_AFTER_ORDER = "certificate_after_order"
    PRICE_ABOVE_MEDIAN = "price_above_median"
    INVOICE_DIFFERS = "invoice_differs"
    RED_INVOICE_MISSING = "red_invoice_missing"
    SUBSIDY_COUNTED = "subsidy_counted"
    NOT_SEALED = "not_sealed"
    CAPACITY_EXCEEDED = "capacity_exceeded"
    CONTRACT_UNPAID = "contract_unpaid"
    HOUSEHOLD_SHARED = "household_shared"
    PAID_AFTER_LEAVING = "paid_after_leaving"
    NOT_OWN_ACCOUNT = "not_own_account"
    DIVIDEND_ABOVE_REGISTER = "dividend_above_register"
    PERSONS_ABOVE_REGISTER = "persons_above_register"


@dataclass(frozen=True, slots=True)
class Explained:
    """What a check asks and why, and how what it found is told: ``finding`` is filled from the facts found."""

    title: Said
    question: Said
    finding: Said


PRICE_LIMIT_PCT = 130
"""A price above this share of the median of the 30 days before is looked at (domain handbook §2.9, 6)."""

FEWEST_DEALS = 5
"""Of fewer deals a median says nothing."""

SPIKE_FACTOR, FEWEST_AT_YEAR_END = 3, 10
"""A supplier's orders of 20 to 31 December that were signed in January are a spike when they are at least so many, and
this many times its orders of the twelve days before: oranges sell all December, a spike begins with its last days."""

UNPAID_DAYS = 180
"""A contract with a household that brought it nothing for so long is paper."""

CHECKS: Mapping[Check, Explained] = {
    Check.CLAIMED_ELSEWHERE: Explained(
        Said("他处已报", "Claimed elsewhere"),
        Said(
            "同一笔销售是否也在 832 平台成交，或被其他区县申报？同一笔只能统计一次。",
            "Was the same sale also made on the 832 platform, or claimed by another district? It counts once.",
        ),
        Said("与外部单号 {other} 重复", "the same as {other} outside"),
    ),
    Check.REFUND_NOT_DEDUCTED: Explained(
        Said("退款未冲减", "Refund not deducted"),
        Said(
            "已退给买家的钱是否都从台账冲减？",
            "Was all money that went back to buyers taken out of the ledger?",
        ),
        Said("退款 {refunded} 元，台账仅冲减 {reversed} 元", "{refunded} yuan refunded, {reversed} taken back"),
    ),
    Check.COUNTED_THEN_CANCELLED: Explained(
        Said("未成交却统计", "Counted but not accepted"),
        Said(
            "统计的订单是否确已签收？付款后取消的订单不得统计。",
            "Was every counted order accepted? What was paid and then cancelled does not count.",
        ),
        Said("该供应商订单状态为 {status}", "the supplier's order is {status}"),
    ),
    Check.SELF_PURCHASE: Explained(
        Said("自购自销", "Self-purchase"),
        Said(
            "买家是否就是供应商自己、其员工，或收货地就在保靖？这类销售已剔除或须剔除。",
            "Is the buyer the supplier, its staff, or in Baojing itself? Such sales are, or have to be, left out.",
        ),
        Said("{why}；{state}", "{why}; {state}"),
    ),
    Check.REFUND_AFTER_YEAR_END: Explained(
        Said("跨年退款", "Refund after the year's end"),
        Said(
            "上年统计的销售是否在本年退款？上年报表不变，退款计入本年。",
            "Was a sale counted last year refunded this year? Last year's report stays; the refund is this year's.",
        ),
        Said("{sold_on} 统计，{refunded_on} 退款", "counted on {sold_on}, refunded on {refunded_on}"),
    ),
    Check.YEAR_END_SPIKE: Explained(
        Said("年末突击", "Spike at the year's end"),
        Said(
            "12 月 20–31 日的订单是否异常集中，并在次年 1 月签收？",
            "Do orders of 20 to 31 December pile up, to be signed in January?",
        ),
        Said(
            "{orders} 单在次年 1 月签收，此前 12 天共 {usual} 单",
            "{orders} orders signed in January; the twelve days before brought {usual}",
        ),
    ),
    Check.CERTIFICATE_AFTER_ORDER: Explained(
        Said("证书晚于订单", "Certificate later than the order"),
        Said(
            "产品认定是否在下单之后才生效？倒签或补发的证书不能使早先的销售合格。",
            "Was the goods' certification issued after the order? A later one does not make earlier sales eligible.",
        ),
        Said(
            "{ordered_on} 下单，最早的认定自 {valid_from} 生效",
            "ordered on {ordered_on}, the first certification is valid from {valid_from}",
        ),
    ),
    Check.PRICE_ABOVE_MEDIAN: Explained(
        Said("价格虚高", "Price above the usual"),
        Said(
            f"成交价是否高于同一规格此前 30 天中位价的 {PRICE_LIMIT_PCT}%？",
            f"Was it sold above {PRICE_LIMIT_PCT} % of the median of the 30 days before?",
        ),
        Said("成交价 {price} 元，中位价 {median} 元", "sold for {price} yuan, the median is {median}"),
    ),
    Check.INVOICE_DIFFERS: Explained(
        Said("发票金额不符", "Invoice differs"),
        Said(
            "有效发票（蓝字加红字）的金额是否等于买家实付减退款？",
            "Do the invoices, red ones deducted, equal what the buyer paid less what went back?",
        ),
        Said("发票合计 {invoiced} 元，应为 {owed} 元", "invoiced {invoiced} yuan, it should be {owed}"),
    ),
    Check.RED_INVOICE_MISSING: Explained(
        Said("缺红字发票", "Red invoice missing"),
        Said(
            "开票后退款是否都开了红字发票？",
            "Has every refund of invoiced goods its red invoice?",
        ),
        Said("{refunded_on} 退款，尚无红字发票", "refunded on {refunded_on}, no red invoice yet"),
    ),
    Check.SUBSIDY_COUNTED: Explained(
        Said("补贴计入销售", "Subsidy counted"),
        Said(
            "统计的金额是否超过买家实付（含补贴或优惠券）？",
            "Is more counted than the buyer paid, such as a subsidy or a coupon?",
        ),
        Said("统计 {counted} 元，买家实付 {paid} 元", "{counted} yuan counted, {paid} paid"),
    ),
    Check.NOT_SEALED: Explained(
        Said("未入链", "Not in the chain"),
        Said(
            "台账分录是否都在一天内进入哈希链？逐条核对哈希请运行 baojing check。",
            "Did every entry enter the chain of hashes within a day? `baojing check` compares the hashes themselves.",
        ),
        Said("{posted_on} 入账，仍未入链", "posted on {posted_on}, not in the chain yet"),
    ),
    Check.CAPACITY_EXCEEDED: Explained(
        Said("超出原料产能", "More than the raw material allows"),
        Said(
            "统计销量折算的原料是否超过供应商申报的原料能力？超出部分可能以外地货冒充。",
            "Did counted sales need more raw material than the supplier can have? The rest may be from elsewhere.",
        ),
        Said(
            "{category}需原料 {needed} 千克，申报能力 {capacity} 千克",
            "{needed} kg of {category} needed, {capacity} declared",
        ),
    ),
    Check.CONTRACT_UNPAID: Explained(
        Said("有合同无付款", "Contract without payment"),
        Said(
            f"与农户签订的合同满 {UNPAID_DAYS} 天，是否从未付款？",
            f"Was a household with a contract of {UNPAID_DAYS} days paid nothing?",
        ),
        Said("{since} 起的 {kind} 合同，尚无付款", "a {kind} contract since {since}, nothing paid yet"),
    ),
    Check.HOUSEHOLD_SHARED: Explained(
        Said("多家重复带动", "Household of several suppliers"),
        Said(
            "同一农户是否被几家供应商同时计入带动户数？合计只能计一户。",
            "Do several suppliers count the same household as theirs? Altogether it counts once.",
        ),
        Said("由 {suppliers} 共同付款", "paid by {suppliers}"),
    ),
    Check.PAID_AFTER_LEAVING: Explained(
        Said("离户后付款", "Paid after leaving"),
        Said(
            "农户迁出或销户之后是否仍有付款？",
            "Was anything paid to a household after it had left or ended?",
        ),
        Said("{left_on} 已离户，{paid_on} 仍付款", "left on {left_on}, paid on {paid_on}"),
    ),
    Check.NOT_OWN_ACCOUNT: Explained(
        Said("未付至本户账户", "Not to the household's account"),
        Said(
            "付款是否都到农户本人的账户？",
            "Did all money go to the household's own account?",
        ),
        Said("{paid_on} 的 {kind} 未付至本户账户", "{kind} of {paid_on} went to another account"),
    ),
    Check.DIVIDEND_ABOVE_REGISTER: Explained(
        Said("分红超过登记", "Dividend above the register"),
        Said(
            "分红是否超过股权登记或合同所允许的金额？退还本金不是收入。",
            "Was more paid as dividend than the share register allows? Principal that comes back is no income.",
        ),
        Said("{year} 年分红 {paid} 元，登记 {allowed} 元", "{paid} yuan in {year}, {allowed} registered"),
    ),
    Check.PERSONS_ABOVE_REGISTER: Explained(
        Said("带动人数超过登记", "More persons than registered"),
        Said(
            "产品认定申报的带动人数是否超过登记农户的人口？",
            "Does a certification claim more persons than the registered households have?",
        ),
        Said("认定申报 {claimed} 人，登记 {registered} 人", "{claimed} persons claimed, {registered} registered"),
    ),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a check found: the number of the order or document, its day, and the sum that is in question."""

    check: Check
    on_day: date
    number: str
    line_id: UUID | None
    sku: str | None
    supplier_id: UUID | None
    supplier: str | None
    amount_fen: int
    told: Said


def finding(check: Check, row: Mapping[str, Any]) -> Finding:
    """A row that a check's statement found, told in both languages; ``facts`` fill the sentence."""
    facts = {name: _shown(name, value) for name, value in row["facts"].items()}
    zh = {name: value.zh if isinstance(value, Said) else value for name, value in facts.items()}
    en = {name: value.en if isinstance(value, Said) else value for name, value in facts.items()}
    sentence = CHECKS[check].finding
    return Finding(
        check=check,
        on_day=row["on_day"],
        number=row["number"],
        line_id=row["line_id"],
        sku=row["sku"],
        supplier_id=row["supplier_id"],
        supplier=row["supplier"],
        amount_fen=int(row["amount_fen"]),
        told=Said(sentence.zh.format(**zh), sentence.en.format(**en)),
    )


_WORDS: Mapping[str, Said] = {
    "staff": Said("下单账号是该供应商的工作人员", "the buyer's account acts for the supplier"),
    "same_uscc": Said("买方单位与供应商为同一法人", "the buying organisation is the supplier"),
    "baojing": Said("收货地在保靖县", "the goods went to Baojing"),
    "score": Said("下单时关联度达到剔除标准", "the likeness of buyer and seller was over the limit when it was sold"),
    "excluded": Said("已剔除，未统计", "left out of the ledger"),
    "counted": Said("仍在台账中", "still counted"),
}


def _shown(name: str, value: Any) -> Any:
    if name in ("why", "state"):
        return _WORDS[value]
    if isinstance(value, int) and name not in ("orders", "usual"):
        return yuan(value)
    return value

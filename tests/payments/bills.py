"""Bills as WeChat Pay writes them: cells behind backticks, amounts in yuan, goods with commas, sums at the end."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from app.core.clock import SHANGHAI
from app.core.money import yuan

TRADE = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,"
    "代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,"
    "申请退款金额,费率备注"
)
TRADE_SUMS = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
FUNDS = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额（元）,账户结余（元）,"
    "资金变更提交申请人,备注,业务凭证号"
)
FUNDS_SUMS = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额"


@dataclass(frozen=True)
class Traded:
    """A payment, or with ``refund`` a refund of it: our number, theirs, fen, and the fee of 0.60 %."""

    at: datetime
    key: str
    transaction: str
    fen: int
    fee: int | None = None
    refund: bool = False
    state: str = "SUCCESS"

    @property
    def fee_fen(self) -> int:
        whole = (2 * self.fen * 60 + 10_000) // 20_000 if self.fee is None else self.fee
        return -whole if self.refund else whole


def paid(payment_id: UUID, at: datetime, fen: int, **more) -> Traded:
    return Traded(at, payment_id.hex, f"42{payment_id.hex[:20]}", fen, **more)


def refunded(number: str, at: datetime, fen: int, **more) -> Traded:
    return Traded(at, number, f"50{number}", fen, refund=True, **more)


def _row(cells: Sequence[str]) -> str:
    return ",".join(f"`{cell}" for cell in cells)


def _moment(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"


def trade(*rows: Traded, sums: Sequence[str] | None = None) -> bytes:
    lines = [TRADE]
    for one in rows:
        zero, amount = "0.00", yuan(one.fen)
        lines.append(
            _row(
                [
                    _moment(one.at),
                    "wx8888888888888888",
                    "1900009191",
                    "1900000109",
                    "",
                    "4200000000000000000000000000" if one.refund else one.transaction,
                    "" if one.refund else one.key,
                    "ofyak5",
                    "NATIVE",
                    "REFUND" if one.refund else one.state,
                    "OTHERS",
                    "CNY",
                    zero if one.refund else amount,
                    zero,
                    one.transaction if one.refund else "0",
                    one.key if one.refund else "0",
                    amount if one.refund else zero,
                    zero,
                    "ORIGINAL" if one.refund else "",
                    one.state if one.refund else "",
                    "黄金茶, 雨前二级",
                    "",
                    f"{yuan(one.fee_fen)}000",
                    "0.60%",
                    zero if one.refund else amount,
                    amount if one.refund else zero,
                    "",
                ]
            )
        )
    total = [str(len(rows)), "0.00", "0.00", "0.00", f"{yuan(sum(one.fee_fen for one in rows))}000", "0.00", "0.00"]
    return ("\ufeff" + "\r\n".join([*lines, TRADE_SUMS, _row(sums or total), ""])).encode()


def funds(*rows: Traded, more: Sequence[Sequence[str]] = ()) -> bytes:
    """What these trades did to the account, and ``more`` rows: name, type, direction, yuan, number, transaction."""
    moved = []
    for one in rows:
        kind, way, back = ("退款", "支出", "收入") if one.refund else ("交易", "收入", "支出")
        moved.append((one.at, one.transaction, kind, kind, way, yuan(one.fen), one.key))
        if one.fee_fen:
            moved.append((one.at, one.transaction, "扣除交易手续费", "手续费", back, yuan(abs(one.fee_fen)), one.key))
    at = rows[0].at if rows else datetime(2026, 11, 19, 4, tzinfo=SHANGHAI)
    moved += [(at, transaction, *rest, key) for *rest, key, transaction in more]
    lines = [FUNDS]
    for number, (when, transaction, name, kind, way, amount, key) in enumerate(moved):
        cells = [
            _moment(when),
            transaction,
            f"16{number:08d}",
            name,
            kind,
            way,
            amount,
            "0.00",
            "system",
            "备注, 有逗号",
            key,
        ]
        lines.append(_row(cells))
    came = [row[5] for row in moved if row[4] == "收入"]
    went = [row[5] for row in moved if row[4] == "支出"]
    total = [str(len(moved)), str(len(came)), _sum(came), str(len(went)), _sum(went)]
    return "\n".join([*lines, FUNDS_SUMS, _row(total)]).encode()


def _sum(amounts: Sequence[str]) -> str:
    return yuan(sum(int(amount.replace(".", "")) for amount in amounts))


def packed(plain: bytes) -> bytes:
    return gzip.compress(plain)


def other(row: Traded, **change) -> Traded:
    return replace(row, **change)

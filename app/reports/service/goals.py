"""The goals of a year as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType

from app.assistance import SEASON, GoalStanding, Metric, Standing
from app.reports.rules.tables import Column, Drawing, Measure, Said, Table
from app.reports.service import words

METRICS: Mapping[Metric, Said] = MappingProxyType(
    {
        Metric.NET_SALES_FEN: Said("净销售额", "Net sales"),
        Metric.ORDERS: Said("订单数", "Orders"),
        Metric.QUANTITY_G: Said("重量", "Weight"),
        Metric.HOUSEHOLDS: Said("受益户数", "Households"),
        Metric.PERSONS: Said("受益人数", "Persons"),
        Metric.HOUSEHOLD_INCOME_FEN: Said("农户收入", "Household income"),
    }
)
_UNITS: Mapping[Metric, tuple[str, Said]] = MappingProxyType(
    {
        Metric.NET_SALES_FEN: ("fen", Said("元", "yuan")),
        Metric.ORDERS: ("orders", Said("单", "orders")),
        Metric.QUANTITY_G: ("g", Said("克", "g")),
        Metric.HOUSEHOLDS: ("households", Said("户", "households")),
        Metric.PERSONS: ("persons", Said("人", "persons")),
        Metric.HOUSEHOLD_INCOME_FEN: ("fen", Said("元", "yuan")),
    }
)
STANDINGS: Mapping[Standing, Said] = MappingProxyType(
    {
        Standing.AHEAD: Said("超前", "Ahead"),
        Standing.ON_SCHEDULE: Said("正常", "On schedule"),
        Standing.BEHIND: Said("滞后", "Behind"),
    }
)
_METRIC = Said("指标", "Metric")
_COLUMNS = (
    Column("id", Said("目标标识", "Goal id"), width=38, on_paper=False),
    Column("code", Said("编号", "Code"), width=10),
    Column("name", Said("目标", "Goal"), width=30),
    Column("partition_group", Said("分组", "Partition group"), width=14, on_paper=False),
    Column("metric", _METRIC, width=12, words={metric.value: said for metric, said in METRICS.items()}),
    Column(
        "unit",
        Said("单位", "Unit"),
        width=8,
        words=dict(_UNITS.values()),
    ),
    Column("from", Said("起", "From"), "day", 12, on_paper=False),
    Column("to", Said("止", "To"), "day", 12, on_paper=False),
    Column("version", Said("定义版本", "Version"), "whole", 9, on_paper=False),
    Column("target", Said("目标值", "Target"), "measure", 16),
    Column("actual", Said("实际", "Actual"), "measure", 16),
    Column("actual_platform", Said("其中平台", "Of the platform"), "measure", 16, on_paper=False),
    Column("actual_declared", Said("其中申报", "Declared"), "measure", 16),
    Column("progress_bp", Said("完成率", "Progress"), "share", 10),
    Column("expected_to_date", Said("按季节应达", "Expected to date"), "measure", 16),
    Column("forecast_low", Said("预测（低）", "Forecast, low"), "measure", 16, on_paper=False),
    Column("forecast_mid", Said("预测", "Forecast"), "measure", 16),
    Column("forecast_high", Said("预测（高）", "Forecast, high"), "measure", 16, on_paper=False),
    Column("agreed", Said("已订未交", "Agreed, not delivered"), "measure", 16, on_paper=False),
    Column("forecast_error_bp", Said("逐月预测误差", "Error of a month"), "share", 12, on_paper=False),
    Column("period_error_bp", Said("全期预测误差", "Off by, of the period"), "share", 12),
    Column("status", Said("状态", "Status"), width=10, words={one.value: said for one, said in STANDINGS.items()}),
)
_NOTES = (
    Said(
        "预测 = 至今的进度 × 按品类的采收销售节奏，不低于已确认的商超订单与已付预售（扣除近十二个月退款率）。"
        "“全期预测误差”：季节进度与现在相当时，以往对同样长的期间全期所作预测与实际之差，占全期实际的平均比例；"
        "“低”“高”是十次此类预测中最低、最高一次的所在。",
        "The forecast carries the pace so far on by the calendar of harvests, and is not less than confirmed purchase "
        "orders and paid pre-sales, less the refund rate of twelve months. Off by, of the period: how far off past "
        "forecasts of the end of as long a period were with as much of its season over as now, as a part of all that "
        "came, on average. Low and high are where one of ten such forecasts ended at most and at least.",
    ),
    Said(
        "各目标的统计范围可能相互包含，不得相加；只有同一分组内的目标互不重叠。实际值取自仅可追加的帮扶台账，"
        "是期间内符合筛选条件的净额，其中仅凭平台外凭证的部分另列为申报。",
        "Goals may contain one another and must not be added up; only those of one partition group are apart. The "
        "actual figure is the net of the append-only ledger within the period and the goal's filter; what of it only "
        "vouchers from outside the platform prove stands apart as declared.",
    ),
    Said(
        "“按季节应达”按全年各月销售比重折算到当日，不按月数平均；与之相差 5 % 以内为正常。",
        "What is expected follows the share of each month in a year's sales, not months divided by twelve; within 5 % "
        "of it a goal is on schedule.",
    ),
)


def goals_table(
    standings: Sequence[GoalStanding], *, year: int, today: date, as_of: datetime, undelivered: int
) -> Table:
    """How the goals that touch ``year`` stand on ``today``."""
    return Table(
        name=f"goals-{year}",
        title=Said("目标进度报表", "Progress of goals"),
        as_of=as_of,
        columns=_COLUMNS,
        rows=[_row(standing) for standing in standings],
        particulars=[(Said("年度", "Year"), str(year))],
        notes=[*_NOTES, *words.undelivered(undelivered)],
        drawing=Drawing(
            Said("完成率与季节进度", "Progress and what the season lets one expect"),
            [
                Column("goal", Said("目标", "Goal")),
                Column("season_bp", Said("季节进度", "Season"), "share", 12),
                Column("progress_bp", Said("完成率", "Progress"), "share", 12),
            ],
            [
                (
                    f"{one.goal.code} {one.goal.name}",
                    _share(one.goal.period.elapsed(today, one.goal.season or SEASON)),
                    _progress(one),
                )
                for one in standings
            ],
            side_by_side=True,
        ),
        head={"year": year, "undelivered_facts": undelivered},
    )


def _share(part: object) -> int:
    return round(10_000 * part)  # type: ignore[operator]


def _progress(standing: GoalStanding) -> int:
    return round(10_000 * standing.figures.progress)


def _row(standing: GoalStanding) -> tuple[object, ...]:
    goal, now = standing.goal, standing.figures
    unit = _UNITS[goal.metric][0]

    def measured(value: int) -> Measure:
        return Measure(value, unit)

    return (
        str(goal.id),
        goal.code,
        goal.name,
        goal.partition_group,
        goal.metric.value,
        unit,
        goal.period.starts_on.isoformat(),
        goal.period.ends_on.isoformat(),
        goal.version,
        measured(goal.target),
        measured(now.actual),
        measured(now.platform),
        measured(now.declared),
        _progress(standing),
        measured(now.expected_to_date),
        *map(measured, (now.forecast.low, now.forecast.mid, now.forecast.high)),
        measured(now.agreed.total),
        None if now.backtest is None else now.backtest.mape_bp,
        None if now.hindcast is None else now.hindcast.off_bp,
        now.status.value,
    )

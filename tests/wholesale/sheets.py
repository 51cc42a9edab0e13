"""Sheets of orders in the shapes that supermarkets make: each function of ``SHAPES`` builds the bytes of one.

All of them ask for the same: five cases of GT04 and two of NO02, for the place ``0012`` on the 25th of November.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

import xlsxwriter

from tests.market import GOODS

TEA, ORANGE = GOODS["GT04"], GOODS["NO02"]
DAY = date(2026, 11, 25)
SERIAL = (DAY - date(1899, 12, 30)).days
SHAPES: dict[str, Callable[[str], bytes]] = {}
USUAL = ("订单号", "收货地", "到货日期", "商品编码", "订货数量（箱）")
Rows = Sequence[Sequence[Any]]


def shape(make: Callable[[str], bytes]) -> Callable[[str], bytes]:
    SHAPES[make.__name__] = make
    return make


def xlsx(rows: Rows, *, merged: Sequence[str] = (), hidden_first: bool = False) -> bytes:
    """A workbook; ``merged`` are ranges whose first cell keeps the value."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    if hidden_first:
        book.add_worksheet("设置").hide()
    page = book.add_worksheet("订单")
    if hidden_first:
        page.activate()
        page.set_first_sheet()
    days = book.add_format({"num_format": "yyyy-mm-dd"})
    for at, row in enumerate(rows):
        for place, value in enumerate(row):
            if isinstance(value, (date, datetime)):
                page.write_datetime(at, place, value, days)
            elif isinstance(value, str):
                page.write_string(at, place, value)
            elif value is not None:
                page.write_number(at, place, value)
    for spot in merged:
        first = spot.split(":")[0]
        column, line = ord(first[0]) - ord("A"), int(first[1:]) - 1
        value = rows[line][column]
        if isinstance(value, (date, datetime)):
            page.merge_range(spot, "", days)
            page.write_datetime(line, column, value, days)
        else:
            page.merge_range(spot, value)
    book.close()
    return out.getvalue()


def text(rows: Rows, *, encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    out = io.StringIO()
    written = [["" if value is None else str(value) for value in row] for row in rows]
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(written)
    return out.getvalue().encode(encoding)


def usual(po_no: str) -> list[list[Any]]:
    return [
        list(USUAL),
        [po_no, "0012", "2026-11-25", TEA.code, 5],
        [po_no, "0012", "2026-11-25", ORANGE.code, 2],
    ]


@shape
def one_table(po_no):
    return xlsx(usual(po_no))


@shape
def csv_in_utf8(po_no):
    return text(usual(po_no))


@shape
def csv_with_a_byte_order_mark(po_no):
    return text(usual(po_no), encoding="utf-8-sig")


@shape
def csv_in_gbk(po_no):
    return text(usual(po_no), encoding="gbk")


@shape
def csv_with_tabs(po_no):
    return text(usual(po_no), encoding="gbk", delimiter="\t")


@shape
def csv_with_semicolons(po_no):
    return text(usual(po_no), delimiter=";")


@shape
def titles_in_one_merged_cell(po_no):
    rows = [
        ["济南泉润万家超市采购订单", None, None, None],
        [f"订单号：{po_no}   收货地：0012   到货日期：2026/11/25", None, None, None],
        ["序号", "商品编码", "品名", "订量(箱)"],
        [1, TEA.code, "黄金茶", 5],
        [2, ORANGE.code, "脐橙", 2],
    ]
    return xlsx(rows, merged=["A1:D1", "A2:D2"])


@shape
def words_with_their_values_beside_them(po_no):
    rows = [
        ["采购订单", None, None, None, None],
        ["采购单号", po_no, None, "门店编码", "0012"],
        ["送货日期", DAY, None, "联系人", "张三"],
        [],
        ["行号", "货号", "规格", "订货箱数", "备注"],
        [10, TEA.code, "100g", 5, "新货"],
        [20, ORANGE.code, "5kg", 2, None],
    ]
    return xlsx(rows, merged=["A1:E1"])


@shape
def a_number_merged_over_its_rows(po_no):
    rows = [list(USUAL), [po_no, "0012", DAY, TEA.code, 5], [None, None, None, ORANGE.code, 2]]
    return xlsx(rows, merged=["A2:A3", "B2:B3", "C2:C3"])


@shape
def bar_codes_as_numbers(po_no):
    rows = usual(po_no)
    rows[0][3] = "条码"
    rows[1][3], rows[2][3] = int(TEA.gtin13), int(ORANGE.gtin13)
    return xlsx(rows)


@shape
def bar_codes_of_cases(po_no):
    rows = usual(po_no)
    rows[0][3] = "箱码"
    rows[1][3], rows[2][3] = TEA.itf14, ORANGE.itf14
    return xlsx(rows)


@shape
def several_codes_that_agree(po_no):
    rows = [[*row[:3], row[3], None, row[4]] for row in usual(po_no)]
    rows[0][4], rows[1][4], rows[2][4] = "国条", TEA.gtin13, "0" + ORANGE.gtin13
    return xlsx(rows)


@shape
def full_width_digits(po_no):
    rows = usual(po_no)
    rows[1] = [po_no, "００１２", "２０２６－１１－２５", "１００２４５", "５"]
    return xlsx(rows)


@shape
def money_with_thousands_separators(po_no):
    rows = [
        ["PO号", "DC", "交货日期", "店内码", "箱规", "数量", "单位", "含税进价", "含税金额"],
        [po_no, "0012", "2026-11-25", TEA.code, 10, "5", "箱", "¥80.00", "4,000.00"],
        [po_no, "0012", "2026-11-25", ORANGE.code, 5, "2", "箱", "32.00元", "320.00"],
    ]
    return xlsx(rows)


@shape
def a_day_with_slashes(po_no):
    rows = usual(po_no)
    rows[1][2] = rows[2][2] = "2026/11/25"
    return text(rows, encoding="gbk")


@shape
def a_day_in_eight_digits(po_no):
    rows = usual(po_no)
    rows[1][2] = rows[2][2] = 20261125
    return xlsx([[str(cell) if cell == 20261125 else cell for cell in row] for row in rows])


@shape
def a_day_as_a_serial_number(po_no):
    rows = usual(po_no)
    rows[1][2] = rows[2][2] = SERIAL
    return xlsx(rows)


@shape
def a_day_in_chinese(po_no):
    rows = usual(po_no)
    rows[1][2] = rows[2][2] = "2026年11月25日"
    return xlsx(rows)


@shape
def totals_and_signatures_below(po_no):
    rows = [
        *usual(po_no),
        ["合计", None, None, None, 7],
        [None, None, None, None, 7],
        [],
        ["制单：李四", None, "审核：王五", None, None],
        ["注：请按时送货，逾期拒收", None, None, None, None],
    ]
    return xlsx(rows)


@shape
def units_of_the_shelf(po_no):
    rows = usual(po_no)
    rows[0][4] = "订货数量（袋）"
    rows[1][4], rows[2][4] = 50, 10
    return xlsx(rows)


@shape
def a_column_of_units(po_no):
    rows = [[*row, unit] for row, unit in zip(usual(po_no), ("单位", "箱", "盒"), strict=True)]
    rows[0][4] = "订货数量"
    rows[2][4] = 10
    return xlsx(rows)


@shape
def the_unit_behind_the_number(po_no):
    rows = usual(po_no)
    rows[0][4] = "采购数量"
    rows[1][4], rows[2][4] = "5箱", "10 袋"
    return xlsx(rows)


@shape
def only_the_money_tells_what_is_counted(po_no):
    rows = [
        ["订单编号", "仓库", "要货日期", "商品代码", "入数", "订货量", "供价", "金额"],
        [po_no, "0012", "2026-11-25", TEA.code, 10, 50, 80, 4000],
        [po_no, "0012", "2026-11-25", ORANGE.code, 5, 2, 32, 320],
    ]
    return xlsx(rows)


@shape
def prices_of_a_case(po_no):
    rows = [[*row, price] for row, price in zip(usual(po_no), ("进价（元/箱）", 800, "160.00"), strict=True)]
    return xlsx(rows)


@shape
def cases_and_units_side_by_side(po_no):
    rows = [[*row, units] for row, units in zip(usual(po_no), ("订货数量（袋）", 50, 10), strict=True)]
    rows[0][4] = "箱数"
    return xlsx(rows)


@shape
def a_decorated_header(po_no):
    rows = usual(po_no)
    rows[0] = ["*订单号：", "收货地 （编码）", "到货日期 *", "商品 编码", "订货数量/箱"]
    return xlsx([["保靖好物"], ["第 1 页"], *rows])


@shape
def everything_that_can_be_ordered(po_no):
    rows = [
        *usual(po_no)[:2],
        [po_no, "0012", "2026-11-25", "100246", 0],
        *usual(po_no)[2:],
        [po_no, "0012", "2026-11-25", "200311", None],
        [po_no, "0012", "2026-11-25", "999999", "-"],
    ]
    return xlsx(rows)


@shape
def our_own_codes(po_no):
    rows = usual(po_no)
    rows[0][3], rows[1][3], rows[2][3] = "供应商货号", "GT04", "no02"
    return xlsx(rows)


@shape
def numbers_kept_as_text_by_tricks(po_no):
    rows = usual(po_no)
    rows[1][3], rows[2][3] = f'="{TEA.code}"', f"'{ORANGE.code}"
    return text(rows)


@shape
def a_hidden_sheet_before_it(po_no):
    return xlsx(usual(po_no), hidden_first=True)


@shape
def the_place_in_a_column_and_the_rest_above(po_no):
    rows = [
        [f"单号:{po_no}", None, "到货日期:20261125", None],
        ["门店", "门店名称", "商品编码", "订购箱数"],
        ["0012", "配送中心", TEA.code, 5],
        ["0012", "配送中心", ORANGE.code, 2],
    ]
    return xlsx(rows)


@shape
def a_case_pack_in_words(po_no):
    rows = [[*row, pack] for row, pack in zip(usual(po_no), ("箱规", "1*10", "5盒/箱"), strict=True)]
    return xlsx(rows)

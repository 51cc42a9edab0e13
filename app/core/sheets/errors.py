"""Why a whole file is refused. What is wrong with single cells is said row by row instead."""

from __future__ import annotations

from app.core.errors import DomainError


class UnknownSheetFormat(DomainError):
    """Neither an ``.xlsx`` nor a CSV, whatever its name says."""

    status = 422
    code = "unknown_sheet_format"
    zh = "文件不是 .xlsx 或 CSV 表格（旧版 .xls、加密文件和网页另存的表格请先另存为 .xlsx）。"
    en = "The file is neither .xlsx nor CSV; save an old .xls, an encrypted file or a web table as .xlsx first."


class SheetTooLarge(DomainError):
    """More bytes, rows, columns or cells than are read."""

    status = 422
    code = "sheet_too_large"
    zh = "表格过大：{what}。请删去空白行列或拆分后再上传。"
    en = "The sheet is too large: {what_en}. Remove empty rows and columns, or split it."


class SheetUnreadable(DomainError):
    """Damaged, truncated, or built to do harm."""

    status = 422
    code = "sheet_unreadable"
    zh = "无法读取该表格，文件可能已损坏。请用表格软件打开后另存为 .xlsx 再上传。"
    en = "The sheet cannot be read and may be damaged. Open it in a spreadsheet program and save it as .xlsx again."


class SheetHasFormulas(DomainError):
    """Formulas, error values, macros or links to other files: what they would say depends on who opens them."""

    status = 422
    code = "sheet_has_formulas"
    zh = "表格含公式、错误值、宏或外部链接（{where}）。请复制后“选择性粘贴为数值”，再上传。"
    en = (
        "The sheet holds formulas, error values, macros or external links ({where}); paste the values and upload again."
    )


class SheetHeaderNotFound(DomainError):
    """No row names the columns that are needed, or one names a column twice."""

    status = 422
    code = "sheet_header_not_found"
    zh = "表头有误：{what}。请对照模板检查列名。"
    en = "The header is not right: {what_en}. Compare its column names with the template."


SHEET_ERRORS: tuple[type[DomainError], ...] = (
    UnknownSheetFormat,
    SheetTooLarge,
    SheetUnreadable,
    SheetHasFormulas,
    SheetHeaderNotFound,
)

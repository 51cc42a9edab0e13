"""What pages decide without a database: the language, where a form may lead, and how figures and days are written."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Literal

from app.core.clock import SHANGHAI, local_day
from app.core.errors import DomainError

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")

Audience = Literal["buyer", "supplier", "partner", "office"]
_AUDIENCES: tuple[tuple[str, Audience], ...] = (
    ("/checkout", "buyer"),
    ("/buy", "buyer"),
    ("/orders", "buyer"),
    ("/claims", "buyer"),
    ("/bulk-orders", "buyer"),
    ("/organisations", "buyer"),
    ("/agencies", "buyer"),
    ("/account/addresses", "buyer"),
    ("/account/close", "buyer"),
    ("/supplier", "supplier"),
    ("/partner", "partner"),
    ("/office", "office"),
)
"""Where the pages begin that have a guard: nobody is led to one that would not open."""

_WAN, _MILLION = 10_000, 1_000_000
_WORDS = Path(__file__).parent / "words"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class FormExpired(DomainError):
    """The form was not made by us for this browser, or the browser has lost what would prove it."""

    status = 403
    code = "form_expired"
    zh = "页面已过期或请求来自别处，未作任何更改。请返回上一页，刷新后重试。"
    en = "The page has expired or the request came from elsewhere; nothing was changed. Go back, reload and try again."


class TotalChanged(DomainError):
    """The order would cost another amount than the one that the buyer saw and agreed to."""

    status = 409
    code = "total_changed"
    zh = "价格、运费或库存刚有变化，现在合计 {total}。请核对后再提交。"
    en = "Prices, freight or stock have just changed; the total is now {total}. Please check and place it again."


class CountMoved(DomainError):
    """Goods were sent or received since the page with the count was shown."""

    status = 409
    code = "count_moved"
    zh = "页面打开后库存有变动（发货或入库），未保存。现在的数字如下，请核对后再保存。"
    en = "Goods moved since this page was opened, so nothing was saved. Check the new numbers and save again."


class _Count(int):
    """A number that agrees with its noun: ``{count:piece|pieces}`` says ``1 piece`` and ``2 pieces``."""

    def __format__(self, nouns: str) -> str:
        one, _, many = nouns.partition("|")
        return f"{int(self)} {one if self == 1 else many}" if nouns else str(int(self))


def counted(value: object) -> object:
    """What a text may put in: whole numbers agree with their nouns there."""
    return _Count(value) if isinstance(value, int) else value


@cache
def words(language: Language) -> dict[str, str]:
    """Every text of the pages in one language, by key."""
    found: dict[str, str] = json.loads((_WORDS / f"{language}.json").read_text(encoding="utf-8"))
    return found


def safe_path(path: str | None, default: str = "/") -> str:
    r"""``path`` if it leads to a page of this shop, else ``default``: a form never sends anybody elsewhere.

    Browsers read ``//host`` and ``/\host`` as another host, and drop tabs and line breaks before they look.
    """
    if not path or path[0] != "/" or path[1:2] in ("/", "\\"):
        return default
    if not (path.isascii() and path.isprintable()) or path.startswith("/v1/"):
        return default
    return path


def audience(path: str) -> Audience | None:
    """Whom the page at ``path`` is for, of those who are signed in; None: it is for anybody."""
    page = path.partition("?")[0]
    return next((whom for start, whom in _AUDIENCES if page == start or page.startswith(f"{start}/")), None)


def quantity(text: str, most: int) -> int:
    """A number of pieces as somebody typed it, at most ``most``; what is no number is one piece."""
    return min(int(text), most) if text.isascii() and text.isdigit() and len(text) < 10 else 1  # noqa: PLR2004


@dataclass(frozen=True, slots=True)
class Amount:
    """Money in two parts, so that a page can write the yuan large and the fen small."""

    yuan: str
    fen: str

    @classmethod
    def of(cls, fen: int) -> Amount:
        """``1234500`` as ``12,345`` and ``00``; a negative amount has its sign before the yuan."""
        sign = "−" if fen < 0 else ""
        return cls(f"{sign}{abs(fen) // 100:,}", f"{abs(fen) % 100:02d}")


def money(fen: int) -> str:
    """``1234500`` as ``¥12,345.00``."""
    amount = Amount.of(abs(fen))
    return f"{'−' if fen < 0 else ''}¥{amount.yuan}.{amount.fen}"


def about(fen: int, language: Language) -> str:
    """A large amount as people say it: ``1,234.57 万元`` or ``¥12.35 million``, and small ones in yuan."""
    yuan = Decimal(fen) / 100
    large, unit, sign = (_WAN, " 万元", "") if language == "zh" else (_MILLION, " million", "¥")
    minus = "−" if fen < 0 else ""
    if abs(yuan) < large:
        return f"{minus}¥{abs(yuan):,.0f}"
    return f"{minus}{sign}{f'{abs(yuan) / large:,.2f}'.removesuffix('.00')}{unit}"


def day(at: datetime | date | str, language: Language) -> str:
    """A Shanghai day: ``2026年11月20日`` or ``20 Nov 2026``. Text is read as ISO 8601."""
    if isinstance(at, str):
        at = date.fromisoformat(at[:10])
    elif isinstance(at, datetime):
        at = local_day(at)
    if language == "en":
        return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"
    return f"{at.year}年{at.month}月{at.day}日"


def moment(at: datetime, language: Language) -> str:
    """A minute in Shanghai: ``2026年11月20日 18:05`` or ``20 Nov 2026, 18:05``."""
    return f"{day(at, language)}{',' if language == 'en' else ''} {at.astimezone(SHANGHAI):%H:%M}"


def month_day(text: str, language: Language) -> str:
    """A day of any year, as seasons have them: ``11-20`` as ``11月20日`` or ``20 Nov``."""
    month, _, number = text.partition("-")
    return f"{int(number)} {_MONTHS[int(month) - 1]}" if language == "en" else f"{int(month)}月{int(number)}日"

"""Transfers to our bank account: the code that tells them apart, and how a statement is matched (handbook §6.4)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from uuid import UUID

from app.core.errors import DomainError, NotFound
from app.core.ids import letters

ALPHABET = "34679ACDEFGHJKMNPQRTWXY"
"""Nothing that is mistaken for another when written or read aloud. Their number is prime: a check character made with
different weights notices any one wrong character and any two that changed places."""
_RANDOM = 5
_OURS = "BJ"
SUGGESTED_WITHIN_DAYS = 7


class EntryStatus(StrEnum):
    """What became of money on our account."""

    ASSIGNED = "assigned"
    HELD = "held"
    SUGGESTED = "suggested"
    UNMATCHED = "unmatched"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One credit on a bank statement, as the bank tells it. ``serial`` is the bank's number of the transaction."""

    serial: str
    booked_on: date
    payer_name: str
    payer_account: str | None
    amount_fen: int
    postscript: str


@dataclass(frozen=True, slots=True)
class Awaited:
    """A transfer that a payer announced. ``payer`` is the blind index of the name it should come from, if known."""

    payment_id: UUID
    amount_fen: int
    captured: bool
    payer: bytes | None
    announced_on: date


@dataclass(frozen=True, slots=True)
class BankEntry:
    """A credit on our account and what became of it. ``payment_id`` is only a guess while it is a suggestion."""

    id: UUID
    line: StatementLine
    status: EntryStatus
    payment_id: UUID | None
    expected_fen: int | None
    receipt: str | None


class EntryNotFound(NotFound):
    """No entry of a bank statement has that id."""

    zh = "没有找到对应的银行流水。"
    en = "There is no such entry of a bank statement."


class EntryIsDone(DomainError):
    """The money of an entry belongs to a payment, or went back."""

    status = 409
    code = "bank_entry_is_done"
    zh = "该笔银行流水状态为 {status}，不能再认领或退回。"
    en = "The bank entry is {status}; it cannot be assigned or returned any more."


class EntryDiffers(DomainError):
    """A payment is paid by exactly its amount."""

    status = 409
    code = "bank_entry_differs"
    zh = "流水金额与应付金额不一致，请退回款项，由付款方按应付金额重新汇款。"
    en = "The amount is not what was to be paid: return the money, and let the payer transfer the exact amount."


class StatementContradicts(DomainError):
    """A serial is imported once; the same one with another amount is another statement, or was tampered with."""

    status = 409
    code = "statement_contradicts"
    zh = "交易流水号 {serials} 已以不同金额导入，本次未导入任何一行，请核对对账单。"
    en = "Serial {serials} was imported with another amount; nothing of this statement was. Check it with the bank."


def remittance_code(prefix: str = _OURS) -> str:
    """What the payer writes into the postscript: a prefix, five characters at random and one that checks them."""
    drawn = letters(ALPHABET, _RANDOM)
    return f"{prefix}{drawn}{_check(drawn)}"


def codes_in(postscript: str, prefix: str = _OURS) -> set[str]:
    """The codes in what a payer wrote, whose check character is right: in any case, width and grouping."""
    written = unicodedata.normalize("NFKC", postscript).upper()
    found = (re.sub(r"[\s\-]", "", match[1]) for match in _pattern(prefix).finditer(written))
    return {f"{prefix}{code}" for code in found if _check(code[:_RANDOM]) == code[_RANDOM]}


@cache
def _pattern(prefix: str) -> re.Pattern[str]:
    apart = r"[\s\-]*"
    return re.compile(rf"(?={apart.join(prefix)}((?:{apart}[{ALPHABET}]){{{_RANDOM + 1}}}))")


def _check(drawn: str) -> str:
    weighed = sum(place * ALPHABET.index(character) for place, character in enumerate(drawn, 2))
    return ALPHABET[weighed % len(ALPHABET)]


def plain_name(name: str) -> str:
    """A name as it is compared: brackets and letters in one width, without blanks."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", name)).casefold()


def match(
    line: StatementLine, payer: bytes, by_code: Mapping[str, Awaited], waiting: Iterable[Awaited]
) -> tuple[EntryStatus, UUID | None]:
    """What becomes of a credit, whose ``payer`` is a blind index, and for which payment (domain handbook §6.4).

    A code with its exact amount pays; with another amount, or for what is paid already, the money is held. Without a
    code the one payment that waits for this amount (from this payer, if it is known) for at most seven days is
    suggested. Two codes, or two payments that it could be, are for a person to decide.
    """
    named = {found.payment_id: found for code in codes_in(line.postscript) if (found := by_code.get(code))}
    if len(named) == 1:
        ((payment_id, awaited),) = named.items()
        pays = awaited.amount_fen == line.amount_fen and not awaited.captured
        return (EntryStatus.ASSIGNED if pays else EntryStatus.HELD), payment_id
    likely = [
        awaited
        for awaited in waiting
        if awaited.amount_fen == line.amount_fen
        and awaited.payer in (None, payer)
        and 0 <= (line.booked_on - awaited.announced_on).days <= SUGGESTED_WITHIN_DAYS
    ]
    likely = [awaited for awaited in likely if awaited.payer is not None] or likely
    if named or len(likely) != 1:
        return EntryStatus.UNMATCHED, None
    return EntryStatus.SUGGESTED, likely[0].payment_id

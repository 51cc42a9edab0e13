"""Accounts of staff: made by whoever runs the installation, because nobody is there yet who could make them.

The first operator can only come from here; suppliers' and partners' first sign-ins come from here too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import identity, partners, suppliers
from app.core.db import Database
from app.core.errors import DomainError
from app.core.trail import Act, acting
from app.core.trouble import Trouble
from app.identity import PASSWORD_MAX, PASSWORD_MIN, PHONE, USERNAME, Role, is_common

ROLES = (Role.OPERATOR, Role.OFFICER, Role.SUPPLIER, Role.PARTNER)
_OFFICE = {Role.OPERATOR: "平台运营", Role.OFFICER: "协作专员"}
_KINDS = {Role.SUPPLIER: "供货方", Role.PARTNER: "商超"}
_NAME_MAX = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """The account that is asked for; ``code`` is the supplier's or partner's, for those two roles."""

    role: Role
    login: str
    code: str | None = None
    name: str | None = None
    phone: str | None = None


def look_over(wanted: Wanted) -> None:
    """Raises ``Trouble`` for what is wrong without asking the database."""
    if not USERNAME.fullmatch(wanted.login):
        raise Trouble(
            f"登录名不合要求：{wanted.login}（小写字母开头，2 至 64 位，可含数字和 . _ -）",
            f"Not a login: {wanted.login} (begins with a lower-case letter, 2 to 64 of a-z 0-9 . _ -)",
        )
    if wanted.phone is not None and not PHONE.fullmatch(wanted.phone):
        raise Trouble("手机号不正确，应为 11 位大陆手机号。", "Not a mainland mobile number of 11 digits.")
    if wanted.name is not None and not 0 < len(wanted.name.strip()) <= _NAME_MAX:
        raise Trouble(f"姓名须为 1 至 {_NAME_MAX} 个字。", f"A name has 1 to {_NAME_MAX} characters.")
    if (wanted.code is not None) != (wanted.role in (Role.SUPPLIER, Role.PARTNER)):
        raise Trouble(
            "供货方账号须给出 --supplier 编号，商超账号须给出 --partner 编号，其他角色都不要。",
            "A supplier's account needs --supplier CODE, a partner's --partner CODE, the others neither.",
        )


def look_over_password(password: str, login: str) -> None:
    """Raises ``Trouble`` for a password that registration would refuse, or that is the login itself."""
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX or password.casefold() == login or is_common(password):
        raise Trouble(
            f"密码须为 {PASSWORD_MIN} 至 {PASSWORD_MAX} 个字符，不同于登录名，也不是常见密码。",
            f"A password has {PASSWORD_MIN} to {PASSWORD_MAX} characters and is neither the login nor a common one.",
        )


async def make(database: Database, wanted: Wanted, password: str, *, now: datetime) -> None:
    """Make the account. Raises ``Trouble``, having changed nothing."""
    password_hash = await identity.hash_password(password)
    command = Act(now, None, "command", "make_account", "CLI", f"{wanted.role} {wanted.login}", (wanted.login,))
    try:
        with acting(command):
            async with database.write() as session:
                scope_id, name = await _whose(session, wanted)
                await identity.create_account(
                    session,
                    username=wanted.login,
                    name=(wanted.name or name).strip(),
                    password_hash=password_hash,
                    role=wanted.role,
                    scope_id=scope_id,
                    phone=wanted.phone,
                    now=now,
                )
    except DomainError as refusal:
        raise Trouble(refusal.sentence("zh"), refusal.sentence("en")) from None


async def _whose(session: AsyncSession, wanted: Wanted) -> tuple[UUID | None, str]:
    """The supplier or partner that the account belongs to, and what the account is called by default."""
    if wanted.code is None:
        return None, _OFFICE[wanted.role]
    of = suppliers.by_code if wanted.role is Role.SUPPLIER else partners.by_code
    found = await of(session, wanted.code)
    if found is None:
        raise Trouble(f"没有编号为 {wanted.code} 的{_KINDS[wanted.role]}。", f"No {wanted.role} {wanted.code}.")
    return found.id, found.name

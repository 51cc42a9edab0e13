"""Addresses at rest are sealed."""

from __future__ import annotations

import json

from app.buyers.rules import Address
from app.core.sealing import keys

_PURPOSE = "address"


def seal_address(address: Address) -> bytes:
    """The address as it is stored."""
    fields = [address.recipient, address.phone, address.division_code, address.detail]
    return keys().seal(json.dumps(fields, ensure_ascii=False, separators=(",", ":")), _PURPOSE)


def open_address(sealed: bytes) -> Address:
    """The address that ``seal_address`` stored. Raises ``KeyTrouble`` for another key or a changed byte."""
    recipient, phone, division_code, detail = json.loads(keys().unseal(sealed, _PURPOSE))
    return Address(recipient=recipient, phone=phone, division_code=division_code, detail=detail)

"""How each rule about what households were paid is broken."""

from __future__ import annotations

_LIST = "00000000-0000-7000-8000-0000000000f1"
_PAYMENT = "00000000-0000-7000-8000-0000000000f2"


HOUSEHOLD = f"""INSERT INTO assistance_household (id, number_sealed, number_index, township_code, village, classes,
        persons, persons_linked, entered_by, entered_at)
    SELECT '{_LIST}', '', '', min(code), '', '{{}}', 1, 1, '{_LIST}', now() FROM suppliers_township"""


def listed(rows: int = 1, total_fen: int = 500, entered_by: str = _LIST) -> str:
    return f"""INSERT INTO assistance_payment_list (id, source, rows, total_fen, note, entered_by, entered_at)
        VALUES ('{_LIST}', 'entered', {rows}, {total_fen}, '', '{entered_by}', now())"""


def payment(amount_fen: int = 500, quantity: str = "NULL", payment_id: str = _PAYMENT, reverses: str = "NULL") -> str:
    return f"""INSERT INTO assistance_household_payment (id, list_id, household_id, supplier_id, kind, paid_on,
            quantity_milli, unit_price_fen, amount_fen, to_own_account, reverses)
        SELECT '{payment_id}', '{_LIST}', '{_LIST}', min(CAST(id AS text))::uuid, 'WAGE', '2026-04-02', {quantity},
            250, {amount_fen}, true, {reverses} FROM suppliers_supplier"""


def breaks() -> list[tuple[str, list[str]]]:
    decided = f"""INSERT INTO assistance_payment_list_decision (list_id, verdict, note, decided_by, decided_at)
        VALUES ('{_LIST}', 'approved', '', '{_LIST}', now())"""
    broken = [
        ("households.list", [listed(total_fen=501), payment()]),
        ("households.list", [listed(rows=2), payment()]),
        ("households.list", [listed(rows=1)]),
        ("households.amount", [listed(), payment(quantity="2010")]),
        (
            "households.reversal",
            [
                listed(rows=2, total_fen=1),
                payment(),
                payment(-499, payment_id=_LIST, reverses=f"'{_PAYMENT}'"),
            ],
        ),
        (
            "households.taken_back",
            [
                listed(rows=2, total_fen=0, entered_by=_PAYMENT),
                payment(),
                payment(-500, payment_id=_LIST, reverses=f"'{_PAYMENT}'"),
                decided,
            ],
        ),
        ("households.approval", [listed(), payment(), decided]),
    ]
    return [(rule, [HOUSEHOLD, *statements]) for rule, statements in broken]

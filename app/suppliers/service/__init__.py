"""What can be done about suppliers: take them on, look at their certificates, let them sell or not."""

from app.suppliers.service.admission import (
    admit,
    apply,
    edit_application,
    plant_townships,
    set_bank_account,
    submit,
)
from app.suppliers.service.certificates import add_certificate, decide_certificate, watch_certificates
from app.suppliers.service.standing import approve, look_at, recommend, reject, suspend

__all__ = [
    "add_certificate",
    "admit",
    "apply",
    "approve",
    "decide_certificate",
    "edit_application",
    "look_at",
    "plant_townships",
    "recommend",
    "reject",
    "set_bank_account",
    "submit",
    "suspend",
    "watch_certificates",
]

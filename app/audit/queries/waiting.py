"""What is on its way is not yet a break: a fact that waits for its listener explains a difference."""

from __future__ import annotations

WAITING_FOR_LEDGER = "SELECT subject FROM core_delivery WHERE lane = 'assistance'"
WAITING_FOR_ORDERS = "SELECT subject FROM core_delivery WHERE lane = 'orders'"
WAITING_FOR_INVOICING = "SELECT subject FROM core_delivery WHERE lane = 'invoicing'"
WAITING_FOR_CLAIMS = "SELECT subject FROM core_delivery WHERE lane = 'claims'"

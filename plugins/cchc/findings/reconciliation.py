"""Reconciliation of payments by day and unit: the fees of the dossiers, the payment log and the receipts are compared.

The data are in the functions mart.payment_reconciliation_between and mart.payment_reconciliation_sums_between, which work on the asked
days; mart.payment_reconciliation has all days.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from cchc.errors import NothingKnown, WrongUse
from cchc.near import or_known
from cchc.period import Period, midnight
from cchc.reference.scopes import known_scope, scope_condition
from cchc.settings import Settings
from cchc.warehouse import composed, known_at_of, query, reading_on

STATES = {
    "matched": "Khớp",
    "amount_differs": "Lệch số tiền",
    "paid_without_transaction": "Báo đã trả, không có giao dịch",
    "transaction_without_dossier": "Giao dịch không có hồ sơ",
    "duplicate_success": "Thanh toán trùng",
    "pending_over_3_days": "Treo quá 3 ngày",
    "refunded": "Đã hoàn tiền",
    "pending": "Đang chờ",
}


def _asked(connection: Connection, period: Period, unit: str) -> dict[str, Any]:
    known_scope(connection, unit)
    known_at = known_at_of(connection, "payments")
    if known_at is None or midnight(period.start) >= known_at:
        raise NothingKnown(f"no payment log of {period.code} yet: T of payments is {known_at.isoformat() if known_at else 'not set'}")
    return {"first": period.start, "before": period.end, "scope": unit, "d": period.last_day}


def _condition(unit: str) -> str:
    """Which rows of these functions (alias r; u is the unit) belong to the scope that is asked for."""
    return scope_condition(unit, "r.unit_code", "u.level")


def compared(
    settings: Settings,
    period: Period,
    unit: str = "all",
    by: str = "state",
    *,
    key: str | None = None,
    state: str | None = None,
    limit: int = -1,
    connection: Connection | None = None,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Compare the payments of a period once, for two lists: the sums of all orders, and the orders and dossiers with their amounts (VND).

    Arguments: `by`, "unit", "day" or "state", by which is summed beside the state; `key` or `state`, which are listed (neither: those with
    a difference or without a receipt); `limit`, at most so many are listed, -1: all; `connection`, one that shows a past moment (None: as
    known now). Raises NothingKnown if no payment log is known for the period, and WrongUse for another `by` or `state`.
    """
    groups = {"unit": ("unit_code", "unit_name"), "day": ("day",), "state": ()}
    if by not in groups:
        raise WrongUse(f"'{by}' is no way to sum up; use {', '.join(groups)}")
    if state is not None and state not in STATES:
        raise WrongUse(f"'{state}' is no state{or_known(state, STATES)}")
    conditions = {
        "r.state = :state": state is not None,
        ":key in (r.order_code, r.dossier_code)": key is not None,
        "(r.state not in ('matched', 'pending') or r.is_receipt_missing)": state is None and key is None,
    }
    listed = " and ".join(condition for condition, holds in conditions.items() if holds)
    with reading_on(settings, connection) as read:
        binds = _asked(read, period, unit) | {"limit": None if limit < 0 else limit}
        binds |= {name: value for name, value in {"state": state, "key": key}.items() if value is not None}
        relation = composed.PAYMENTS if key is not None or state == "matched" else composed.SUMMED_PAYMENTS
        found = query(read, composed.compare_payments(groups[by], _condition(unit), listed, relation=relation), binds)
    return [row for row in found if row["is_sum"]], [row for row in found if not row["is_sum"]]

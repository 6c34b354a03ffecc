"""Dossiers as histories: a list of events, and the state that results from the events up to a moment.

An event is a tuple (known_at, kind, happened_at, argument, step):

* `known_at`: the second in which it was entered in the one-stop; it becomes NgaySuaCuoi of the dossier and of the step;
* `happened_at`: the time that is written into the record (reception, end, …), often earlier: offices enter things late;
* `argument`: the due time, the outcome, the unit that goes on with it, or the raw values that the event brings;
* `step`: SHOWN, NO_STEP, HIDDEN (written already deleted), or the later second in which the step was hidden.

Events are ordered by `known_at`. Only `state` knows how they change a dossier.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from demo.catalogue import Procedure
from demo.clock import END, FOREVER
from demo.history import Entry
from demo.units import Unit

(
    SUBMIT,
    ACCEPT,
    FORWARD,
    APPRAISE,
    ASK,
    BACK,
    FEE,
    PAID,
    FINISH,
    HANDOVER,
    REFUSE,
    STOP,
    WITHDRAW,
    MOVE_DUE,
    MOVE_END,
    REOPEN,
    UNDO_HANDOVER,
    APOLOGY,
    RESYNC,
    TOUCH,
    DELETE,
    VANISH,
    RESTORE,
    RAW,
    HAND_ON,
) = range(25)

ENDS = frozenset({FINISH, HANDOVER, REFUSE, STOP, WITHDRAW})
"""Kinds of events after which a dossier is over."""

SHOWN, NO_STEP, HIDDEN = 0, 1, 2

Event = tuple[int, int, int, Any, int]


class Dossier:
    """The fixed attributes of a dossier, and its events."""

    __slots__ = (
        "number",
        "key",
        "second_key",
        "procedure",
        "code",
        "unit",
        "receiving_unit",
        "channel",
        "level",
        "person",
        "applicant",
        "submitted",
        "received",
        "accept_by",
        "papers",
        "digitised",
        "reused",
        "from_store",
        "verified",
        "population",
        "result",
        "fee",
        "fee_when",
        "paid_online",
        "by_post",
        "portal",
        "iso",
        "nfd",
        "same_paper",
        "events",
    )

    number: int
    key: str
    second_key: str
    procedure: Procedure
    code: str
    unit: Unit
    receiving_unit: str
    channel: int
    level: int
    person: int
    applicant: int
    submitted: int
    received: int
    accept_by: int
    papers: int
    digitised: int
    reused: int
    from_store: bool
    verified: bool
    population: bool
    result: int
    fee: int
    fee_when: int
    paid_online: int
    by_post: bool
    portal: int
    iso: int
    nfd: bool
    same_paper: bool
    events: list[Event]

    def versions(self) -> list[tuple[int, int]]:
        """(changed_at, until) of every version that can be delivered."""
        spans: list[tuple[int, int]] = []
        is_gone = False
        for event in self.events:
            known = event[0]
            if spans and not is_gone:
                if known == spans[-1][0]:
                    continue
                spans[-1] = (spans[-1][0], known)
            is_gone = event[1] == VANISH
            if not is_gone:
                spans.append((known, FOREVER))
        return spans


GONE_FOR_GOOD = 1
"""Argument of a VANISH event: not even /keys knows the dossier any more."""

RESULT_NONE, RESULT_PAPER, RESULT_FILE, RESULT_SIGNED = range(4)
"""What the applicant gets: nothing written, paper only, an unsigned file, a digitally signed file."""


class State:
    """A dossier at a moment: plain values, times as local seconds, 0 = missing. `unit`: who has it now; "" = who received it."""

    __slots__ = (
        "status",
        "received",
        "due",
        "ended",
        "returned",
        "refused",
        "outcome",
        "rounds",
        "apologies",
        "deleted",
        "gone",
        "raw",
        "unit",
        "changed_at",
    )

    def __init__(self) -> None:
        self.status = 1
        self.received = self.due = self.ended = self.returned = self.refused = 0
        self.outcome = ""
        self.rounds: list[list[int]] = []
        self.apologies = 0
        self.deleted = 0
        self.gone = False
        self.raw: dict[str, Any] | None = None
        self.unit = ""
        self.changed_at = 0


def _submit(now: State, happened: int, argument: Any) -> None:
    now.status = 1


def _accept(now: State, happened: int, due: Any) -> None:
    now.status, now.received, now.due = 2, happened, due


def _go_on(now: State, happened: int, argument: Any) -> None:
    now.status = 4


def _ask(now: State, happened: int, argument: Any) -> None:
    now.status = 5
    now.rounds.append([happened, 0, now.due, 0])


def _back(now: State, happened: int, due: Any) -> None:
    now.status = 4
    now.rounds[-1][1], now.rounds[-1][3] = happened, due
    if due:
        now.due = due


def _fee(now: State, happened: int, argument: Any) -> None:
    now.status = 6


def _apologise(now: State, happened: int, argument: Any) -> None:
    now.apologies += 1


def _finish(now: State, happened: int, outcome: Any) -> None:
    now.status, now.ended, now.outcome = 9, happened, outcome


def _hand_over(now: State, happened: int, argument: Any) -> None:
    now.status, now.returned = 10, happened


def _undo_handover(now: State, happened: int, argument: Any) -> None:
    now.status, now.returned = 9, 0


def _refuse(now: State, happened: int, ended: Any) -> None:
    now.status, now.refused, now.ended = 3, happened, ended


def _stop(now: State, happened: int, ended: Any) -> None:
    now.status, now.ended = 8, ended


def _withdraw(now: State, happened: int, argument: Any) -> None:
    now.status, now.ended, now.outcome = 7, happened, "xin_rut"


def _reopen(now: State, happened: int, argument: Any) -> None:
    now.status, now.ended, now.returned, now.outcome = 4, 0, 0, ""


def _move_due(now: State, happened: int, due: Any) -> None:
    now.due = due


def _move_end(now: State, happened: int, ended: Any) -> None:
    now.ended = ended


def _delete(now: State, happened: int, argument: Any) -> None:
    now.deleted, now.gone = happened, False


def _vanish(now: State, happened: int, argument: Any) -> None:
    now.deleted, now.gone = happened, True


def _restore(now: State, happened: int, argument: Any) -> None:
    now.deleted, now.gone = 0, False


def _write_raw(now: State, happened: int, values: Any) -> None:
    now.raw = values


def _hand_on(now: State, happened: int, successor: Any) -> None:
    now.unit = successor


CHANGES: dict[int, Callable[[State, int, Any], None]] = {
    SUBMIT: _submit,
    ACCEPT: _accept,
    FORWARD: _go_on,
    APPRAISE: _go_on,
    ASK: _ask,
    BACK: _back,
    FEE: _fee,
    PAID: _go_on,
    APOLOGY: _apologise,
    FINISH: _finish,
    HANDOVER: _hand_over,
    UNDO_HANDOVER: _undo_handover,
    REFUSE: _refuse,
    STOP: _stop,
    WITHDRAW: _withdraw,
    REOPEN: _reopen,
    MOVE_DUE: _move_due,
    MOVE_END: _move_end,
    DELETE: _delete,
    VANISH: _vanish,
    RESTORE: _restore,
    RAW: _write_raw,
    HAND_ON: _hand_on,
}
"""What an event of each kind changes, given when it happened and its argument. RESYNC and TOUCH change nothing but `changed_at`."""


def state(dossier: Dossier, upto: int) -> State:
    """The state after all events known at `upto` or before. For the view at clock t pass t - 1."""
    now = State()
    for known, kind, happened, argument, _step in dossier.events:
        if known > upto:
            break
        now.changed_at = known
        change = CHANGES.get(kind)
        if change is not None:
            change(now, happened, argument)
    return now


def cut(events: list[Event]) -> list[Event]:
    """The events that become known before the end of the demo; those before it stay in order."""
    return events if events[-1][0] < END else [event for event in events if event[0] < END]


def entries(dossiers: list[Dossier]) -> list[Entry]:
    """All versions of all dossiers, for the timeline."""
    return [(changed, dossier.key, dossier, until) for dossier in dossiers for changed, until in dossier.versions()]

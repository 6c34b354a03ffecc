"""Somebody who is told: a webhook and a mail server on this machine, and the rules that name them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from cchc.links import Links
from cchc.notices.tell import Told, tell
from cchc.period import parse_moment
from cchc.settings import VINH_CUU, Settings
from cchc.sources.connection import Parts
from tests.support.http import Handler, listening
from tests.support.smtp import Mailbox, mail_server
from tests.support.warehouse import NewWarehouse

LINKS = Links("https://airflow.example/cchc")
RULES = """
days_before_closing: 2
remind_after_hours: {source_late: 48, load_blocked: 72}
recipients:
  operators: {channel: webhook, language: en}
  office: {channel: email, addresses: [vp@example.vn], language: vi}
rules:
  - to: [operators, office]
"""


@dataclass
class Hook:
    """A webhook. `texts`: what it was told; `status`: what it answers."""

    url: str
    texts: list[str] = field(default_factory=list)
    status: int = 204


@pytest.fixture
def hook() -> Iterator[Hook]:
    """A webhook that says yes, until a test changes its mind."""
    made: list[Hook] = []

    class Answer(Handler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if made[0].status < 300:
                made[0].texts.append(body["text"])
            self.send_response(made[0].status)
            self.end_headers()

    with listening(Answer) as url:
        made.append(Hook(url))
        yield made[0]


@pytest.fixture
def mails() -> Iterator[Mailbox]:
    """A mail server."""
    with mail_server() as box:
        yield box


def parts(**given: Any) -> Parts:
    """The parts of a connection."""
    made = Parts(conn_type=None, host=None, login=None, password=None, schema=None, port=None, extra={})
    made.update(given)  # type: ignore[typeddict-item]
    return made


@dataclass
class Told_:
    """What both recipients were told since it was asked last."""

    hook: list[str]
    mails: list[str]


class Office:
    """An installation whose alerts go to a webhook and a mail server."""

    def __init__(self, settings: Settings, hook: Hook, mails: Mailbox) -> None:
        self.settings, self.hook, self.mails = settings, hook, mails
        self.connections = {
            "cchc_notify": parts(conn_type="http", host=f"{hook.url}/hook/secret"),
            "cchc_smtp": parts(host="127.0.0.1", port=mails.port, extra={"from_email": "so.lieu@example.vn", "security": "none"}),
        }

    def tell(self, moment: str | datetime | None = None, **more: Any) -> Told:
        """One round, at a moment."""
        at = parse_moment(moment) if isinstance(moment, str) else moment
        return tell(self.settings, self.connections.get, links=LINKS, moment=at, **more)

    def heard(self) -> Told_:
        """What was told since the last time."""
        found = Told_(self.hook.texts[:], self.mails.texts)
        self.hook.texts.clear()
        self.mails.mails.clear()
        self.mails.recipients.clear()
        return found


def with_rules(settings: Settings, folder: Path, rules: str = RULES) -> Settings:
    """The settings with other rules of who is told."""
    if not folder.exists():
        shutil.copytree(VINH_CUU, folder)
    (folder / "alerts.yaml").write_text(rules, encoding="utf-8")
    return replace(settings, authority_dir=folder)


@pytest.fixture
def office(warehouse: Settings, hook: Hook, mails: Mailbox, tmp_path: Path) -> Office:
    """An installation with a fresh warehouse."""
    return Office(with_rules(warehouse, tmp_path / "reference"), hook, mails)


@pytest.fixture(scope="module")
def module_warehouse(new_warehouse: NewWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """One warehouse for a file."""
    with new_warehouse(tmp_path_factory.mktemp("notices")) as settings:
        yield settings

"""Who gets the list of late dossiers of a unit by e-mail: the authority's unit_mail.yaml."""

from __future__ import annotations

from dataclasses import dataclass

from cchc.reference.entries import UnitMailFile
from cchc.settings import Settings
from cchc.typed import read

UNIT_MAIL = "unit_mail.yaml"


@dataclass(frozen=True)
class UnitMail:
    """Whether the lists are sent, and to which addresses of each unit."""

    send: bool
    addresses: dict[str, tuple[str, ...]]


def unit_mail(settings: Settings) -> UnitMail:
    """The addresses of the units. Raises NotConfigured if the file is wrong."""
    entries = read(settings.authority_dir / UNIT_MAIL, UnitMailFile)
    return UnitMail(entries.send, {code: tuple(addresses) for code, addresses in entries.addresses.items()})

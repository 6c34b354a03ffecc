"""Pseudonyms: what stands in a bundle in place of the code of a dossier, payment, person, feedback item or answer.

A pseudonym is an HMAC with a key that is derived from the privacy key of the installation. The same record has the same pseudonym in
every bundle of the office, so an auditor can follow it from edition to edition. Without the key there is no way back: the codes cannot be
tried out one after the other (docs/decisions/0009_pseudonyms_of_bundles.md).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable

from cchc.settings import Settings

LENGTH = 24  # hexadecimal digits: with a million records, two of them are alike once in 10^17 bundles
_PURPOSE = b"cchc pseudonyms of bundles, 1"


def pseudonyms(settings: Settings) -> Callable[[str, str], str]:
    """A function that gives the pseudonym of a code. Its arguments: the kind of the record ("dossier"), and the code.

    Raises NotConfigured if the installation has no privacy key.
    """
    key = hmac.digest(settings.privacy_key().encode(), _PURPOSE, hashlib.sha256)

    def pseudonym(kind: str, code: str) -> str:
        return hmac.digest(key, f"{kind}\0{code}".encode(), hashlib.sha256).hex()[:LENGTH]

    return pseudonym

"""Tell people: a line of text to the webhook of Airflow's connection `cchc_notify`, where there is one."""

from __future__ import annotations

import logging

log = logging.getLogger(__name__)

CONNECTION = "cchc_notify"
TIMEOUT_SECONDS = 10


def tell(message: str) -> bool:
    """Post {"text": message} to the connection's host; whether somebody was told. Never raises: the work itself is done."""
    import requests
    from airflow.sdk.bases.hook import BaseHook

    log.info("%s", message)
    try:
        host = BaseHook.get_connection(CONNECTION).host
    except Exception:
        log.info("Airflow has no connection %s: nobody was told", CONNECTION)
        return False
    try:
        requests.post(str(host), json={"text": message}, timeout=TIMEOUT_SECONDS).raise_for_status()
    except requests.RequestException as error:
        log.warning("nobody was told: %s", type(error).__name__)  # the address may hold a secret
        return False
    return True

"""The address of the dashboard's scorecard, for texts that people read in Airflow."""

from __future__ import annotations

import logging

from cchc.errors import NotConfigured
from cchc.links import View, dashboard_links
from cchc.period import Period
from cchc.settings import Settings

log = logging.getLogger(__name__)


def scorecard_url(settings: Settings, period: Period) -> str | None:
    """The address of the scorecard of a period; None where Airflow does not know under which address people reach it.

    A wrong address is logged and not raised: a link must not stop the closing of a period.
    """
    from airflow.configuration import conf

    try:
        links = dashboard_links(settings, conf.get("api", "base_url", fallback=None) or None)
    except NotConfigured as error:
        log.warning("no link to the scorecard: %s", error)
        return None
    return links.scorecard(View(period=period.code)) if links else None

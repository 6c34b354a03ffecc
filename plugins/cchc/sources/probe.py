"""Try a source over HTTP: log in, and ask for one record of its first entity."""

from __future__ import annotations

from datetime import timedelta

from cchc import period
from cchc.sources.connection import Connection
from cchc.sources.http import Client
from cchc.sources.landing import Window
from cchc.sources.profile import Profile
from cchc.sources.requesting import Requests
from cchc.sources.windows import bounds
from cchc.sources.xml_envelope import envelope_of


def check_service(connection: Connection, profile: Profile) -> str:
    """Log in and ask for one record of the first entity. Returns a sentence about what was found. Raises the same errors as an extract."""
    with Client(profile, connection) as client:
        client.login()
        pages = client.http.paginator
        entity = next(iter(profile.entities.values()))
        midnight = period.now().astimezone(profile.zone_info).replace(hour=0, minute=0, second=0, microsecond=0)
        today = Window(midnight, midnight + timedelta(days=1))
        is_today = pages.kind != "cursor" and pages.times != "sequence" and bool(pages.from_parameter or client.http.body)
        requests = Requests(client.http, entity, bounds(pages, today, profile) if is_today else None)
        place = {"page_number": pages.first, "offset": 0}.get(pages.kind)
        asked = requests.page(place, 1)
        where = f"{profile.source}: {'GET' if asked.body is None else 'POST'} {asked.path}"
        envelope = envelope_of(client.http, profile.source)
        page = client.ask(asked, where, lambda body, answer: envelope.page(body, answer.headers, where))
        scope = "changed today" if is_today else "in all"
        if page.total is None:
            return f"{profile.source}: logged in at {client.base}; {entity.name}: {len(page.records)} records in the first page."
        return f"{profile.source}: logged in at {client.base}; {entity.name}: {page.total} {scope}."

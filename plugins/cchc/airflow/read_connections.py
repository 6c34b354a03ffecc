"""Print connections that Airflow keeps in its database, with their secrets, as the JSON of variables AIRFLOW_CONN_….

    python -m cchc.airflow.read_connections src_one_stop src_payments

cchc.embedded.connections runs it in the environment of an installation and reads what it prints. It leaves out what Airflow does not have.
"""

from __future__ import annotations

import json
import sys


def main(names: list[str]) -> int:
    """Print the connections of these names; the exit code."""
    from airflow.models.connection import Connection
    from airflow.utils.session import create_session
    from sqlalchemy import select

    found = {}
    with create_session() as session:
        for kept in session.scalars(select(Connection).where(Connection.conn_id.in_(names))):
            parts = {name: getattr(kept, name) for name in ("conn_type", "host", "login", "password", "schema", "port")}
            found[f"AIRFLOW_CONN_{kept.conn_id.upper()}"] = json.dumps({**parts, "extra": kept.extra_dejson})
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

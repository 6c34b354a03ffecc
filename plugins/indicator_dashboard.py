"""The dashboard as a plugin of Airflow: its pages under /cchc, and an entry in the navigation of Airflow's own pages.

Every process of Airflow imports this file, each task too. It is light for that reason: the application itself is imported by the API server
alone, which is the only one that reads `fastapi_apps`.
"""

from __future__ import annotations

from typing import Any

from airflow.plugins_manager import AirflowPlugin

NAME = "Bảng điểm"
PREFIX = "/cchc"


class IndicatorDashboard(AirflowPlugin):
    """The scorecard, its indicators and units, the health of the data, and the publications."""

    name = "cchc"
    external_views = [
        {"name": NAME, "href": "cchc/", "destination": "nav", "url_route": "cchc", "nav_top_level": True},
        # without a route of Airflow's own pages this one opens outside of their frame, where links into Airflow work
        {"name": f"{NAME} ↗", "href": "cchc/", "destination": "nav"},
    ]

    @property
    def fastapi_apps(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """The application; read by the API server alone."""
        from cchc.airflow.dashboard import dashboard

        return [{"app": dashboard(), "url_prefix": PREFIX, "name": NAME}]

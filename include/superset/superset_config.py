"""Settings of Apache Superset for the profile `bi` of docker-compose.yaml: what differs from its defaults, and why.

Superset reads this file where SUPERSET_CONFIG_PATH names it. Secrets come from the environment; nothing here needs the internet.
"""

import json
import os
from pathlib import Path
from typing import Any


def _demanded(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise SystemExit(f"{name} is missing in .env: the profile `bi` needs it, see .env.example")
    return value


# Signs sessions and encrypts the password of the warehouse's login in the metadata: with another key the import has to be run again.
SECRET_KEY = _demanded("SUPERSET_SECRET_KEY")

# Its own metadata (users, dashboards, charts): a file in its volume. One process writes it, for an office of some dozens of people.
SQLALCHEMY_DATABASE_URI = f"sqlite:///{Path(_demanded('SUPERSET_HOME')) / 'superset.db'}?check_same_thread=false"

# What people read is Vietnamese: titles and names in the dashboard, numbers and dates here. Superset brings no Vietnamese translation of
# its own words; words.json has those that a reader of a dashboard meets, and what it lacks stays English.
APP_NAME = "Cải cách hành chính"
BABEL_DEFAULT_LOCALE = "vi"
LANGUAGES = {"vi": {"flag": "vn", "name": "Tiếng Việt"}, "en": {"flag": "us", "name": "English"}}
D3_FORMAT = {"decimal": ",", "thousands": ".", "grouping": [3], "currency": ["", " ₫"]}
D3_TIME_FORMAT = {
    "dateTime": "%d/%m/%Y %H:%M",
    "date": "%d/%m/%Y",
    "time": "%H:%M:%S",
    "periods": ["SA", "CH"],
    "days": ["Chủ nhật", "Thứ hai", "Thứ ba", "Thứ tư", "Thứ năm", "Thứ sáu", "Thứ bảy"],
    "shortDays": ["CN", "T2", "T3", "T4", "T5", "T6", "T7"],
    "months": [f"Tháng {month}" for month in range(1, 13)],
    "shortMonths": [f"Th{month}" for month in range(1, 13)],
}

WORDS = json.loads((Path(__file__).parent / "words.json").read_text(encoding="utf-8"))
_HEAD = {"domain": "superset", "lang": "vi", "plural_forms": "nplurals=1; plural=0"}
LANGUAGE_PACK = {"domain": "superset", "locale_data": {"superset": {"": _HEAD} | {english: [ours] for english, ours in WORDS.items()}}}


def FLASK_APP_MUTATOR(app: Any) -> None:
    """Answer a browser that asks for the Vietnamese words, for which Superset has no file."""
    from flask import jsonify, request

    @app.before_request
    def words() -> Any:
        return jsonify(LANGUAGE_PACK) if request.path.rstrip("/").endswith("/language_pack/vi") else None


# A login of the warehouse has at most 10 connections, and each chart opens one while it asks. The server has 8 threads, and what was
# asked within five minutes is not asked again.
DATA_CACHE_CONFIG = {"CACHE_TYPE": "SimpleCache", "CACHE_DEFAULT_TIMEOUT": 300, "CACHE_THRESHOLD": 500}
ROW_LIMIT = 10000
SQL_MAX_ROW = 100000
SQLLAB_TIMEOUT = 300  # seconds, as long as a statement of such a login may take
SUPERSET_WEBSERVER_TIMEOUT = 300

# No telemetry and nothing from elsewhere: the browser is told to load what this server sends and no more. Superset's own list would
# let a counting pixel, maps and fonts of other hosts in.
TALISMAN_ENABLED = True
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "script-src": ["'self'", "'strict-dynamic'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,  # it listens on the loopback address; a proxy with TLS may stand before it
    "session_cookie_secure": False,
}
ENABLE_CORS = False  # Superset's default lets the pages of map servers ask
ENABLE_PROXY_FIX = True
FEATURE_FLAGS = {"ALERT_REPORTS": False, "ENABLE_TEMPLATE_PROCESSING": False}
PREVENT_UNSAFE_DB_CONNECTIONS = True

# Who is not logged in sees nothing, and nobody makes an account by himself.
AUTH_USER_REGISTRATION = False
AUTH_ROLE_PUBLIC = "Public"

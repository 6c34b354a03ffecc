"""What docker-compose.yaml, docker-compose.celery.yaml and .env.example say."""

from __future__ import annotations

import re
from typing import Any

import yaml

from cchc.settings import PROJECT

TEXT = (PROJECT / "docker-compose.yaml").read_text(encoding="utf-8")
FILE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = FILE["services"]
LONG_RUNNING = {name: service for name, service in SERVICES.items() if service.get("restart") != "no"}
CELERY_TEXT = (PROJECT / "docker-compose.celery.yaml").read_text(encoding="utf-8")
CELERY: dict[str, dict[str, Any]] = yaml.safe_load(CELERY_TEXT)["services"]
EXAMPLE = (PROJECT / ".env.example").read_text(encoding="utf-8")


def offered(text: str) -> dict[str, str]:
    """The variables that an example of .env has, also those that are commented out because they are optional."""
    return dict(re.findall(r"^#?([A-Z_]+)=(.*)$", text, re.MULTILINE))

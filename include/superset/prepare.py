"""Make Superset ready: migrate its metadata, make the administrator, import the dashboard of `mart`. Run it again after each upgrade.

    python prepare.py                                  # in the environment of Superset, with the variables below
    python prepare.py --zip FILE --url postgresql://LOGIN@HOST:PORT/DATABASE
                                                       # only write FILE, for the import by hand into a Superset of your own

Environment: SUPERSET_SECRET_KEY, SUPERSET_HOME and SUPERSET_CONFIG_PATH (superset_config.py), SUPERSET_ADMIN_PASSWORD,
SUPERSET_WAREHOUSE_URL (postgresql://LOGIN:PASSWORD@HOST:PORT/DATABASE as `cchc user add` prints it). The files under `dashboard` hold
neither address nor password: both are put in here. What somebody changed in Superset in the imported dashboard and its charts is put back;
what was made beside them stays.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

FOLDER = Path(__file__).resolve().parent / "dashboard"
DATABASE = "databases/cchc.yaml"
MASK = "XXXXXXXXXX"  # what Superset writes and expects in place of a password
ADMIN = "admin"
# A role for people who look: Superset's Gamma, and the warehouse. They see the dashboard and may make charts of their own.
VIEWER = "Xem số liệu"


LOGIN = "docker compose run --rm init cchc user add superset --role dashboard (with --anew where it is there) prints one"


def demanded(name: str) -> str:
    """The value of a variable; the profile `bi` needs it."""
    value = os.environ.get(name, "")
    if not value:
        raise SystemExit(f"{name} is missing in .env: the profile `bi` needs it, see .env.example")
    return value


def files(kind: str, url: str) -> dict[str, str]:
    """The files of the dashboard by their name, with the address of the warehouse in place of the one of the example, without password.

    `kind`: what Superset is told that it imports: `Dashboard` keeps what is there, `assets` overwrites it.
    """
    place = urlsplit(url)
    if not (place.scheme.startswith("postgresql") and place.username and place.hostname and place.path.strip("/")):
        raise SystemExit("the address of the warehouse is written postgresql://LOGIN@HOST:PORT/DATABASE")
    address = f"postgresql+psycopg2://{place.username}:{MASK}@{place.hostname}:{place.port or 5432}{place.path}"
    found = {path.relative_to(FOLDER).as_posix(): path.read_text(encoding="utf-8") for path in sorted(FOLDER.rglob("*.yaml"))}
    found["metadata.yaml"] = found["metadata.yaml"].replace("type: Dashboard", f"type: {kind}")
    found[DATABASE] = re.sub(r"(?m)^sqlalchemy_uri: .*$", f"sqlalchemy_uri: {address}", found[DATABASE])
    return found


def write_zip(path: Path, url: str) -> None:
    """The files as Superset's page Dashboards, Import takes them; the page asks for the password."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files("Dashboard", url).items():
            archive.writestr(f"cchc/{name}", text)


def superset(*arguments: str) -> None:
    """Superset's own command, of the environment that runs this file."""
    subprocess.run([str(Path(sys.executable).with_name("superset")), *arguments], check=True)


def try_login(url: str) -> None:
    """Refuse, with what to do, a login that the warehouse does not let in, or that does not see `mart`."""
    import psycopg2

    try:
        with psycopg2.connect(url, connect_timeout=10) as connection, connection.cursor() as cursor:
            cursor.execute("select count(*) from mart.unit")
    except psycopg2.Error as error:
        raise SystemExit(f"the warehouse does not let the login of Superset read mart: {str(error).strip()}\n{LOGIN}") from None


def set_administrator(security: Any, password: str) -> None:
    """The user `admin` with this password; a new password counts at once."""
    user = security.find_user(username=ADMIN)
    if user is None:
        role = security.find_role("Admin")
        if not security.add_user(ADMIN, "Quản trị", "viên", "admin@localhost", role, password=password):
            raise SystemExit("Superset has not made the user admin; the lines above say why")
    else:
        security.reset_password(user.id, password)


def import_dashboard(url: str) -> str:
    """Import all files, overwriting what they made before; the words that say so."""
    from flask import g
    from superset import db, security_manager
    from superset.commands.importers.v1.assets import ImportAssetsCommand
    from superset.models.core import Database

    place = urlsplit(url)
    g.user = security_manager.find_user(username=ADMIN)
    contents = files("assets", url)
    ImportAssetsCommand(contents, passwords={DATABASE: unquote(place.password or "")}).run()
    (uuid,) = re.findall(r"(?m)^uuid: (\S+)$", contents[DATABASE])
    database = db.session.query(Database).filter_by(uuid=uuid).one()
    role = security_manager.find_role(VIEWER) or security_manager.add_role(VIEWER)
    access = security_manager.add_permission_view_menu("database_access", database.perm)
    role.permissions = [*security_manager.find_role("Gamma").permissions, access]
    db.session.commit()
    charts = sum(name.startswith("charts/") for name in contents)
    return f"imported: the dashboard with {charts} charts; it asks {place.hostname}:{place.port or 5432}{place.path} as {place.username}"


def main() -> None:
    """What the module's text says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--zip", type=Path, metavar="FILE", help="write the dashboard into a file for an import by hand")
    parser.add_argument("--url", default="", help="with --zip: where the warehouse is, and as whom it is asked")
    chosen = parser.parse_args()
    if chosen.zip:
        write_zip(chosen.zip, chosen.url)
        return
    demanded("SUPERSET_SECRET_KEY")
    password, url = demanded("SUPERSET_ADMIN_PASSWORD"), demanded("SUPERSET_WAREHOUSE_URL")
    if not urlsplit(url).password:
        raise SystemExit(f"SUPERSET_WAREHOUSE_PASSWORD is missing in .env: {LOGIN}")
    try_login(url)
    superset("db", "upgrade")
    superset("init")
    from superset.app import create_app

    app = create_app()
    with app.app_context():
        set_administrator(app.appbuilder.sm, password)
        print(import_dashboard(url), flush=True)


if __name__ == "__main__":
    main()

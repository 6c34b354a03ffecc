"""Make Superset ready: migrate its metadata, make the administrator, import the dashboard of `mart`. Run it again after each upgrade.

    python prepare.py                                  # in the environment of Superset, with the variables below
    python prepare.py --zip FILE --url postgresql://LOGIN@HOST:PORT/DATABASE [--name "tỉnh Sông Mơ" --whole "Toàn tỉnh"]
                                                       # only write FILE, for the import by hand into a Superset of your own

Environment: SUPERSET_SECRET_KEY, SUPERSET_HOME and SUPERSET_CONFIG_PATH (superset_config.py), SUPERSET_ADMIN_PASSWORD,
SUPERSET_WAREHOUSE_URL (postgresql://LOGIN:PASSWORD@HOST:PORT/DATABASE as `cchc user add` prints it). The files under `dashboard` hold
neither address nor password: both are put in here, and so are the names of the authority and of its whole, which the warehouse knows. What
somebody changed in Superset in the imported dashboard and its charts is put back; what was made beside them stays.
"""

from __future__ import annotations

import argparse
import json
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
IN_FILES = ("huyện Vĩnh Cửu", "Toàn huyện")  # the name of the authority and of its whole, as the files have them
NAME = "select unit_name from mart.unit where unit_code = root_code and is_measured"
WHOLE = "select name_vi from mart.code_label where code_list = 'unit_level' and code = 'all'"
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


def with_names(text: str, name: str, whole: str) -> str:
    """A file of the dashboard with the name of the authority and of its whole, as people write them within a title: tỉnh Sông Mơ."""
    if (name, whole) == IN_FILES:
        return text

    def put(text: str) -> str:
        return text.replace(IN_FILES[0], name).replace(IN_FILES[1], whole)

    text = text.replace(f"'{IN_FILES[1]}'", "'{}'".format(whole.replace("'", "''")))  # a text of SQL
    # the value of a key or an entry of a list becomes a text in quotes, whatever stands in the name; the others are Markdown
    value = re.compile(rf"(?m)^( *(?:\w+: |- ))(.*(?:{'|'.join(IN_FILES)}).*)$")
    return put(value.sub(lambda found: found[1] + json.dumps(put(found[2]), ensure_ascii=False), text))


def names(cursor: Any) -> tuple[str, str]:
    """The name of the authority as it stands within a title, and that of its whole, by the warehouse that `cursor` asks."""
    found = []
    for what, statement in (("authority", NAME), ("whole", WHOLE)):
        cursor.execute(statement)
        rows = cursor.fetchall()
        if len(rows) != 1 or not rows[0][0]:
            raise SystemExit(f"the warehouse has no name of the {what}: run `docker compose run --rm init cchc init` first")
        found.append(str(rows[0][0]))
    return found[0][0].lower() + found[0][1:], found[1]


def files(kind: str, url: str, name: str = IN_FILES[0], whole: str = IN_FILES[1]) -> dict[str, str]:
    """The files of the dashboard by their name, with the address of the warehouse in place of the one of the example, without password.

    `kind`: what Superset is told that it imports: `Dashboard` keeps what is there, `assets` overwrites it. `name`, `whole`: what the
    authority and its whole are called.
    """
    place = urlsplit(url)
    if not (place.scheme.startswith("postgresql") and place.username and place.hostname and place.path.strip("/")):
        raise SystemExit("the address of the warehouse is written postgresql://LOGIN@HOST:PORT/DATABASE")
    address = f"postgresql+psycopg2://{place.username}:{MASK}@{place.hostname}:{place.port or 5432}{place.path}"
    found = {path.relative_to(FOLDER).as_posix(): path.read_text(encoding="utf-8") for path in sorted(FOLDER.rglob("*.yaml"))}
    found["metadata.yaml"] = found["metadata.yaml"].replace("type: Dashboard", f"type: {kind}")
    found = {path: with_names(text, name, whole) for path, text in found.items()}
    found[DATABASE] = re.sub(r"(?m)^sqlalchemy_uri: .*$", f"sqlalchemy_uri: {address}", found[DATABASE])
    return found


def write_zip(path: Path, url: str, name: str, whole: str) -> None:
    """The files as Superset's page Dashboards, Import takes them; the page asks for the password."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, text in files("Dashboard", url, name, whole).items():
            archive.writestr(f"cchc/{file}", text)


def superset(*arguments: str) -> None:
    """Superset's own command, of the environment that runs this file."""
    subprocess.run([str(Path(sys.executable).with_name("superset")), *arguments], check=True)


def try_login(url: str) -> tuple[str, str]:
    """The names by the warehouse. Refuses, with what to do, a login that it does not let in, or that does not see `mart`."""
    import psycopg2

    try:
        with psycopg2.connect(url, connect_timeout=10) as connection, connection.cursor() as cursor:
            return names(cursor)
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


def import_dashboard(url: str, name: str, whole: str) -> str:
    """Import all files, overwriting what they made before; the words that say so. `name`, `whole`: as in `files`."""
    from flask import g
    from superset import db, security_manager
    from superset.commands.importers.v1.assets import ImportAssetsCommand
    from superset.models.core import Database

    place = urlsplit(url)
    g.user = security_manager.find_user(username=ADMIN)
    contents = files("assets", url, name, whole)
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
    parser.add_argument("--name", default=IN_FILES[0], help="with --zip: the authority as it stands within a title, such as tỉnh Sông Mơ")
    parser.add_argument("--whole", default=IN_FILES[1], help="with --zip: `all` of the scopes in its authority.yaml, such as Toàn tỉnh")
    chosen = parser.parse_args()
    if chosen.zip:
        write_zip(chosen.zip, chosen.url, chosen.name, chosen.whole)
        return
    demanded("SUPERSET_SECRET_KEY")
    password, url = demanded("SUPERSET_ADMIN_PASSWORD"), demanded("SUPERSET_WAREHOUSE_URL")
    if not urlsplit(url).password:
        raise SystemExit(f"SUPERSET_WAREHOUSE_PASSWORD is missing in .env: {LOGIN}")
    name, whole = try_login(url)
    superset("db", "upgrade")
    superset("init")
    from superset.app import create_app

    app = create_app()
    with app.app_context():
        set_administrator(app.appbuilder.sm, password)
        print(import_dashboard(url, name, whole), flush=True)


if __name__ == "__main__":
    main()

"""Drop folders over SFTP, WebDAV, S3 and SMB, against real servers: the same records as from a folder of this machine, or a failure by name."""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncssh
import openpyxl
import pytest
import smbclient

from cchc.errors import CchcError, ContractViolation, NotConfigured, SourceUnavailable
from cchc.pipeline.ingest import ingest
from cchc.sources import remote
from cchc.sources.check import check_connection
from cchc.sources.connection import Connection, from_environment
from cchc.sources.extract import extract
from cchc.sources.landing import Landed, Window
from cchc.sources.profile import Profile
from tests.sources.conftest import KEY, T, profile, records
from tests.support.bad_line import BadLine, bad_line
from tests.support.deliveries import payment_day
from tests.support.file_servers import LOGIN, PASSWORD, SERVERS, FileServer, sftp_server, smb_server
from tests.support.warehouse import NewWarehouse

HEADER = "IdKySo,IdVanBan,NguoiKyId,ThoiDiemKy,LoaiChungThu,HopLe,NgayCapNhat"
Read = Callable[..., list[Landed]]


def table(*numbers: int) -> bytes:
    lines = [f"{number},V{number},N1,2023-01-05,ca_nhan,true,2023-01-05" for number in numbers]
    return "".join(line + "\n" for line in [HEADER, *lines]).encode()


def workbook(*numbers: int) -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    for line in table(*numbers).decode().splitlines():
        book.worksheets[0].append(line.split(","))
    book.save(out)
    return out.getvalue()


def archive(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return out.getvalue()


def signatures() -> Profile:
    """The signatures of the project's documents, with folders and archives."""
    documents = profile("documents").with_entities(["signatures"])
    assert documents.files is not None
    entity = replace(documents.entities["signatures"], file_pattern="signatures_*.{csv,ndjson,xlsx}")
    return replace(documents, entities={"signatures": entity}, files=replace(documents.files, subfolders=True, archives=True))


@pytest.fixture(scope="module", params=list(SERVERS))
def running(request: pytest.FixtureRequest) -> Iterator[FileServer]:
    with SERVERS[request.param]() as server:
        yield server


@pytest.fixture(scope="module")
def line_to(running: FileServer) -> Iterator[BadLine]:
    with bad_line(running.port) as line:
        yield line


@pytest.fixture
def server(running: FileServer) -> FileServer:
    running.clear()
    return running


@pytest.fixture
def line(line_to: BadLine) -> BadLine:
    line_to.reset()
    return line_to


@pytest.fixture(scope="module")
def running_sftp() -> Iterator[FileServer]:
    with sftp_server() as server:
        yield server


@pytest.fixture
def sftp(running_sftp: FileServer) -> FileServer:
    running_sftp.clear()
    return running_sftp


@pytest.fixture
def read(landing: str) -> Read:
    numbers = iter(range(1, 1000))

    def run(connection: Connection, *, known: dict[str, str] | None = None) -> list[Landed]:
        window = Window(None, T)
        return extract(signatures(), connection, window, landing, extract_id=next(numbers), privacy_key=KEY, known_files=known)

    return run


def codes(loads: list[Landed]) -> dict[str, list[str]]:
    return {str(load.file_name): [str(record["IdKySo"]) for record in records(load)] for load in loads}


# what is read


def test_files_of_every_form_in_folders_and_archives(server: FileServer, read: Read) -> None:
    server.put("signatures_1.csv", table(1, 2))
    server.put("2023/05/signatures_2.csv.gz", gzip.compress(table(3)))
    server.put("signatures_3.xlsx", workbook(4, 5))
    server.put("goi.zip", archive(**{"signatures_4.csv": table(6), "signatures_5.csv": table(7, 8)}))
    server.put("thư mục/signatures_6.ndjson", b'{"IdKySo": 9, "NgayCapNhat": "2023-01-05"}\n')
    server.put("note.txt", b"x\n")
    *loads, others = read(server.connection("documents"))
    assert codes(loads) == {
        "signatures_1.csv": ["1", "2"],
        "2023/05/signatures_2.csv.gz": ["3"],
        "signatures_3.xlsx": ["4", "5"],
        "goi.zip/signatures_4.csv": ["6"],
        "goi.zip/signatures_5.csv": ["7", "8"],
        "thư mục/signatures_6.ndjson": ["9"],
    }
    assert "1 entries of the drop folder are left alone (a name for which no entity of the profile has a file_pattern: note.txt)" in str(
        others.message
    )


def test_what_is_known_is_not_landed_again_and_what_changed_is(server: FileServer, read: Read) -> None:
    server.put("signatures_1.csv", table(1))
    server.put("signatures_2.csv", table(2))
    first = read(server.connection("documents"))
    known = {str(load.file_name): load.manifest["sha256"] for load in first}
    server.put("signatures_2.csv", table(3))
    assert codes(read(server.connection("documents"), known=known)) == {"signatures_2.csv": ["3"]}


def test_the_connection_is_tried(server: FileServer) -> None:
    server.put("signatures_1.csv", table(1))
    said = check_connection(server.connection("documents"), signatures())
    assert said.endswith("is there, files by entity: signatures: 1.")


def test_a_file_of_several_blocks_comes_whole(server: FileServer, read: Read) -> None:
    server.put("signatures_1.csv", table(*range(40_000)))
    (load,) = read(server.connection("documents"))
    assert load.manifest["records"] == 40_000


# what is not read again


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that came over the line; what was written just now counts as settled."""
    monkeypatch.setattr(remote, "SETTLED", timedelta(seconds=-1))
    names: list[str] = []
    real = remote.RemoteFolder.open

    def watched(folder: remote.RemoteFolder, name: str) -> Any:
        names.append(name)
        return real(folder, name)

    monkeypatch.setattr(remote.RemoteFolder, "open", watched)
    return names


def test_a_file_that_its_folder_lists_as_before_does_not_come_again(
    sftp: FileServer, new_warehouse: NewWarehouse, tmp_path: Path, opened: list[str]
) -> None:
    assert sftp.folder is not None
    connection = sftp.connection("payments")
    with new_warehouse(tmp_path / "home") as settings:

        def loads() -> list[str]:
            opened.clear()
            return [f"{load['file_name']} {load['status']}" for load in ingest(settings, "payments", connection, end=T).loads]

        payment_day(sftp.folder, "20230105")
        payment_day(sftp.folder, "20230106", claimed=1)
        assert loads() == ["giaodich_20230105.csv loaded", "giaodich_20230106.csv blocked"]
        assert loads() == []
        assert set(opened) == {"giaodich_20230106.csv", "giaodich_20230106.json"}, "a blocked file is judged again"
        payment_day(sftp.folder, "20230106")
        manifest = sftp.folder / "giaodich_20230105.json"
        manifest.write_text(manifest.read_text() + "\n")  # the file stays as it is
        assert loads() == ["giaodich_20230105.csv loaded", "giaodich_20230106.csv loaded"]
        assert loads() == []
        assert opened == []


def test_a_file_that_was_written_just_now_comes_again(server: FileServer, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another file of the same length may be written with the same time."""
    server.put("signatures_1.csv", table(1))
    (load,) = read(server.connection("documents"))
    assert "stamp" not in load.manifest
    monkeypatch.setattr(remote, "SETTLED", timedelta(seconds=-1))
    (load,) = read(server.connection("documents"))
    assert load.manifest["stamp"].startswith(f"{len(table(1))} 20")


# what goes wrong on the way


def test_a_folder_that_is_not_there(server: FileServer, read: Read) -> None:
    server.put("signatures_1.csv", table(1))
    connection = server.connection("documents")
    with pytest.raises(SourceUnavailable, match="documents: the drop folder .*/elsewhere (is not there|holds nothing)"):
        read(replace(connection, host=f"{connection.host}/elsewhere"))


def test_a_line_that_is_cut_anywhere(server: FileServer, line: BadLine, read: Read) -> None:
    server.put("signatures_1.csv", table(*range(2_000)))
    server.put("signatures_2.csv", table(*range(300)))
    connection = server.connection("documents", port=line.port, extra={**server.extra, **over(line.port)})
    whole = codes(read(connection))
    assert [len(found) for found in whole.values()] == [2_000, 300]
    most, failed = line.passed, 0
    steps = 4 if server.scheme == "s3" else 12  # each takes a second there, because s3fs tries again
    for step in range(steps):
        line.reset(after=most * step // steps)
        try:
            assert codes(read(connection)) == whole
        except SourceUnavailable as error:
            failed += 1
            assert "documents: the drop folder" in str(error) and "Nothing of this extract is used" in str(error)
    assert failed >= steps - 1, "the line was cut before the end"


def over(port: int) -> dict[str, Any]:
    """The extra of a connection over a line that may be silent."""
    return {"timeout": 1, "endpoint_url": f"http://127.0.0.1:{port}"}


def test_a_server_that_falls_silent(server: FileServer, line: BadLine, read: Read) -> None:
    server.put("signatures_1.csv", table(*range(2_000)))
    connection = server.connection("documents", port=line.port, extra={**server.extra, **over(line.port), "timeout": 0.3})
    read(connection)
    line.reset(after=line.passed // 2, silent=True)
    with pytest.raises(SourceUnavailable, match="documents: the drop folder"):
        read(connection)


def test_a_server_that_is_not_there(server: FileServer, read: Read) -> None:
    with bad_line(server.port) as line:
        nobody = line.port
    connection = server.connection("documents", port=nobody, extra={**server.extra, **over(nobody)})
    with pytest.raises(SourceUnavailable, match="documents: the drop folder .* failed"):
        read(connection)


def test_a_wrong_login_is_told_without_its_password(server: FileServer, read: Read) -> None:
    if server.scheme == "s3":
        pytest.skip("this store takes any login")
    with pytest.raises(SourceUnavailable) as refused:
        read(server.connection("documents", password="another-secret"))
    assert "another-secret" not in str(refused.value)
    assert "src_documents" in str(refused.value)


def test_a_file_that_changes_while_it_is_read_waits(server: FileServer, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    server.put("signatures_1.csv", table(1, 2))
    opened = remote.RemoteFolder.open
    times = []

    def changing(folder: remote.RemoteFolder, name: str) -> Any:
        times.append(name)
        if len(times) == 2:  # it was read once for its hash
            server.put("signatures_1.csv", table(1, 3))
        return opened(folder, name)

    monkeypatch.setattr(remote.RemoteFolder, "open", changing)
    (load,) = read(server.connection("documents"))
    assert (load.status, "it changed while it was read; it is left for the next run" in str(load.message)) == ("waiting", True)


@pytest.mark.parametrize("now", [table(1), table(1, 2, 3)], ids=["shorter", "longer"])
def test_a_file_that_is_not_as_long_as_its_folder_lists_waits(
    server: FileServer, read: Read, monkeypatch: pytest.MonkeyPatch, now: bytes
) -> None:
    server.put("signatures_1.csv", table(1, 2))
    opened = remote.RemoteFolder.open

    def changing(folder: remote.RemoteFolder, name: str) -> Any:
        server.put("signatures_1.csv", now)
        return opened(folder, name)

    monkeypatch.setattr(remote.RemoteFolder, "open", changing)
    (load,) = read(server.connection("documents"))
    assert load.status == "waiting"
    assert "and the list of its folder says" in str(load.message)


def test_an_archive_that_is_still_written_waits(server: FileServer, read: Read) -> None:
    whole = archive(**{"signatures_4.csv": table(*range(500))})
    server.put("goi.zip", whole[: len(whole) // 2])
    (load,) = read(server.connection("documents"))
    assert (load.status, load.file_name) == ("waiting", "goi.zip")


# SFTP: the host key


def fingerprint(server: FileServer) -> str:
    return asyncssh.import_public_key(server.extra["host_key"]).get_fingerprint()


def test_a_server_whose_host_key_nobody_knows_gets_no_password(sftp: FileServer, read: Read, tmp_path: Path) -> None:
    (tmp_path / "known_hosts").write_text("")
    with pytest.raises(NotConfigured) as refused:
        read(sftp.connection("documents", extra={"known_hosts": str(tmp_path / "known_hosts")}))
    said = str(refused.value)
    assert f"documents: the host key of [127.0.0.1]:{sftp.port} is not known: it shows ssh-ed25519 {fingerprint(sftp)}" in said
    assert "Neither login nor password was sent" in said
    assert f"write host_key: {fingerprint(sftp)} into the extra of src_documents" in said


@pytest.mark.parametrize("form", ["fingerprint", "key", "base64", "known_hosts"])
def test_a_server_whose_host_key_is_known(sftp: FileServer, read: Read, tmp_path: Path, form: str) -> None:
    sftp.put("signatures_1.csv", table(1))
    kind, data, *_ = sftp.extra["host_key"].split()
    (tmp_path / "known").write_text(f"[127.0.0.1]:{sftp.port} {kind} {data}\n")
    extra = {
        "fingerprint": {"host_key": fingerprint(sftp)},
        "key": {"host_key": f"{kind} {data} a comment"},
        "base64": {"host_key": data},
        "known_hosts": {"known_hosts": str(tmp_path / "known")},
    }[form]
    assert codes(read(sftp.connection("documents", extra=extra))) == {"signatures_1.csv": ["1"]}


@pytest.mark.parametrize("form", ["fingerprint", "key", "known_hosts"])
def test_a_server_that_shows_another_host_key(sftp: FileServer, read: Read, tmp_path: Path, form: str) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519")
    public = other.export_public_key().decode().strip()
    (tmp_path / "known").write_text(f"[127.0.0.1]:{sftp.port} {public}\n")
    extra = {
        "fingerprint": {"host_key": other.get_fingerprint()},
        "key": {"host_key": public},
        "known_hosts": {"known_hosts": str(tmp_path / "known")},
    }[form]
    with pytest.raises(ContractViolation) as refused:
        read(sftp.connection("documents", extra=extra))
    said = str(refused.value)
    assert f"shows the host key ssh-ed25519 {fingerprint(sftp)}, and {other.get_fingerprint()} is expected" in said
    assert "somebody stands between" in said


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ({"no_host_key_check": True}, "a server that nobody vouches for is not logged in to"),
        ({"no_host_key_check": "true"}, "a server that nobody vouches for is not logged in to"),
        ({"host_key": "ssh-ed25519 nonsense"}, "neither a public key"),
        ({"known_hosts": "/nowhere/known_hosts"}, "which is no file"),
        ({"private_key": "nonsense"}, "no private key that can be read"),
    ],
)
def test_a_connection_that_is_not_right(sftp: FileServer, read: Read, extra: dict[str, Any], words: str) -> None:
    with pytest.raises(NotConfigured, match=words):
        read(sftp.connection("documents", extra=extra))


def test_links_are_not_followed_and_a_folder_may_lie_below_that_of_the_login(sftp: FileServer, read: Read) -> None:
    sftp.put("signatures_1.csv", table(1))
    assert sftp.folder is not None
    link = sftp.folder / "signatures_2.csv"
    link.symlink_to(sftp.folder / "signatures_1.csv")
    try:
        load, others = read(sftp.connection("documents", host=f"sftp://127.0.0.1:{sftp.port}/~/outbox"))
    finally:
        link.unlink()
    assert load.file_name == "signatures_1.csv"
    assert "no ordinary file: signatures_2.csv" in str(others.message)


# S3: folders that do not exist


def test_an_empty_object_that_stands_for_the_folder_is_no_file(server: FileServer, read: Read) -> None:
    if server.scheme != "s3":
        pytest.skip("other servers have folders")
    server.put("daily/", b"")
    connection = server.connection("documents", host="s3://outbox/daily")
    assert read(connection) == []
    server.put("daily/signatures_1.csv", table(1))
    assert codes(read(connection)) == {"signatures_1.csv": ["1"]}


# SMB: programs that have a file open, logins


@pytest.fixture(scope="module")
def running_smb() -> Iterator[FileServer]:
    with smb_server() as server:
        yield server


@pytest.fixture
def smb(running_smb: FileServer) -> FileServer:
    running_smb.clear()
    return running_smb


def test_a_file_that_a_program_of_the_sender_writes_waits(smb: FileServer, read: Read) -> None:
    """What stands in it by now ends with a line, so nothing else would tell that more is to come."""
    smb.put("signatures_1.csv", table(1))
    smb.put("signatures_2.csv", table(2))
    path = r"\\127.0.0.1\outbox\signatures_2.csv"
    cache: dict[str, Any] = {}
    login = {"username": LOGIN, "password": PASSWORD, "port": smb.port, "connection_cache": cache}
    try:
        with smbclient.open_file(path, "ab", share_access="rwd", **login) as sender:
            loads = read(smb.connection("documents"))
            sender.write(b"3,V3,N1,2023-01-05,ca_nhan,true,2023-01-05\n")
    finally:
        smbclient.reset_connection_cache(connection_cache=cache)
    assert [(load.file_name, load.status) for load in loads] == [("signatures_1.csv", "landed"), ("signatures_2.csv", "waiting")]
    assert "another program has it open for writing; it is left for the next run" in str(loads[1].message)
    assert codes(read(smb.connection("documents")))["signatures_2.csv"] == ["2", "3"]


def test_a_right_login_does_not_open_the_share_for_a_wrong_one(smb: FileServer, read: Read) -> None:
    """The library keeps one session a server for a whole process, by the name of the login alone."""
    smb.put("signatures_1.csv", table(1))
    right = remote.open_folder(smb.connection("documents"))
    try:
        with pytest.raises(SourceUnavailable, match="refused the login"):
            read(smb.connection("documents", password="another-secret"))
    finally:
        right.close()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"host": "smb://127.0.0.1"}, "names no share: write smb://host/share/folder"),
        ({"login": None}, "a share is not read as a guest"),
    ],
)
def test_a_connection_of_smb_that_is_not_right(smb: FileServer, read: Read, changed: dict[str, Any], words: str) -> None:
    with pytest.raises(NotConfigured, match=words):
        read(smb.connection("documents", **changed))


def test_a_share_that_is_not_there_and_one_that_is_read_encrypted(smb: FileServer, read: Read) -> None:
    smb.put("signatures_1.csv", table(1))
    with pytest.raises(SourceUnavailable, match="the drop folder smb://.*/no_such_share is not there"):
        read(smb.connection("documents", host=f"smb://127.0.0.1:{smb.port}/no_such_share"))
    assert codes(read(smb.connection("documents", extra={"encrypt": True}))) == {"signatures_1.csv": ["1"]}


# connections


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("sftp://sender:s3cret-value@files.example:2222/outbox/daily", "sftp://files.example:2222/outbox/daily"),
        ('{"conn_type": "sftp", "host": "files.example", "login": "sender", "password": "s3cret-value"}', "sftp://files.example"),
        ('{"host": "davs://sender:s3cret-value@files.example/outbox"}', "davs://files.example/outbox"),
        ('{"conn_type": "aws", "host": "s3://outbox/daily", "login": "sender", "password": "s3cret-value"}', "s3://outbox/daily"),
    ],
)
def test_connections_as_airflow_writes_them(written: str, host: str) -> None:
    found = from_environment("payments", {"AIRFLOW_CONN_SRC_PAYMENTS": written})
    assert (found.host, found.login, found.password) == (host, LOGIN, PASSWORD)
    assert PASSWORD not in repr(found)


@pytest.mark.parametrize(
    ("scheme", "package", "extra"),
    [("sftp", "paramiko", "sftp"), ("s3", "s3fs", "s3"), ("davs", "httpx", "webdav"), ("smb", "smbclient", "smb")],
)
def test_a_package_that_is_not_installed_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, scheme: str, package: str, extra: str
) -> None:
    transport = remote.TRANSPORTS[scheme]
    monkeypatch.delitem(sys.modules, transport.module, raising=False)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(NotConfigured) as refused:
        remote.open_folder(Connection("payments", f"{scheme}://files.example/outbox"))
    assert f"needs the package {package}, which is not installed. Install cchc[{extra}] beside cchc." in str(refused.value)


def test_folders_of_this_machine_need_none_of_these_packages() -> None:
    code = (
        "import sys, cchc.sources.extract; print(sorted({'paramiko', 's3fs', 'webdav4', 'httpx', 'boto3', 'smbclient'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_every_error_of_an_extract_is_one_for_people(server: FileServer, read: Read) -> None:
    """A server that answers with nonsense: the port of the store, of WebDAV or of SFTP by the address of another one."""
    schemes = {"sftp": "dav", "dav": "sftp", "s3": "dav", "smb": "dav"}
    host = f"{schemes[server.scheme]}://127.0.0.1:{server.port}/outbox"
    with pytest.raises(CchcError, match="documents: the drop folder"):
        read(Connection("documents", host, LOGIN, PASSWORD, {"host_key": "SHA256:x", "timeout": 1}))

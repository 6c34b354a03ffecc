"""WS-Security UsernameToken against a real server that verifies it as the standard says: digest, nonce, time, replays."""

from __future__ import annotations

import logging
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
import requests
import yaml
from defusedxml import ElementTree

from cchc.errors import CchcError, NotConfigured, SourceUnavailable
from cchc.sources.connection import Connection
from cchc.sources.extract import extract
from cchc.sources.landing import Landed, Window
from cchc.sources.profile import read_profile
from cchc.sources.ws_security import digest, with_header
from tests.sources.conftest import KEY, T, records
from tests.support.http import Handler, listening

SECRET, LOGIN = "s3cret & <value>", "lgsp&huyện"
SOAP_11, SOAP_12 = "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"
WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"
WSSE, WSU = f"{{{WSS}-wssecurity-secext-1.0.xsd}}", f"{{{WSS}-wssecurity-utility-1.0.xsd}}"
ITEMS = [f"<buoc ma='B{n}'><hoSo>H1</hoSo><luc>2023-01-02T08:00:00</luc></buoc>" for n in range(5)]
SIZE = 2
FRESH = timedelta(minutes=5)


class _State:
    form, expires, password = "digest", False, SECRET
    nonces: set[str] = set()
    bodies: list[bytes] = []
    fails = 0


STATE = _State()


class _Vendor(Handler):
    """Gives pages of records to who shows a token that is right, fresh and was never seen."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        STATE.bodies.append(data)
        envelope = ElementTree.fromstring(data)
        space = envelope.tag.partition("}")[0].removeprefix("{")
        if STATE.fails:
            STATE.fails -= 1
            self._answer(space, "<busy/>", 503)
        elif (code := refused(envelope, space)) is not None:
            self._answer(space, _fault(space, code), 500)
        else:
            start = int(envelope.find(f"{{{space}}}Body").find(".//tu").text)
            page = "".join(ITEMS[start : start + SIZE])
            self._answer(space, f"<TraLoi><tong>{len(ITEMS)}</tong><ds>{page}</ds></TraLoi>")

    def _answer(self, space: str, inner: str, status: int = 200) -> None:
        text = f'<s:Envelope xmlns:s="{space}"><s:Body>{inner}</s:Body></s:Envelope>'
        self.send(text.encode(), status, {"Content-Type": "text/xml; charset=utf-8"})


def _fault(space: str, code: str) -> str:
    if space == SOAP_12:
        return f"<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>wsse:{code}</s:Value></s:Subcode></s:Code></s:Fault>"
    return f"<s:Fault><faultcode>wsse:{code}</faultcode><faultstring>{escape(LOGIN)}</faultstring></s:Fault>"


def refused(envelope: Any, space: str) -> str | None:
    """Why a request is not answered, by a code of the standard; None: it is. Written from the standard, not from the product."""
    security = envelope.findall(f"{{{space}}}Header/{WSSE}Security")
    if len(security) != 1 or security[0].get(f"{{{space}}}mustUnderstand") != "1":
        return "InvalidSecurity"
    token = security[0].find(f"{WSSE}UsernameToken")
    given, nonce = token.find(f"{WSSE}Password"), token.find(f"{WSSE}Nonce")
    created = token.find(f"{WSU}Created").text
    at = datetime.strptime(created, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    if abs(datetime.now(UTC) - at) > FRESH:
        return "MessageExpired"
    if nonce.get("EncodingType") != f"{WSS}-soap-message-security-1.0#Base64Binary" or nonce.text in STATE.nonces:
        return "FailedCheck"
    STATE.nonces.add(nonce.text)
    kind = {"digest": "PasswordDigest", "text": "PasswordText"}[STATE.form]
    if given.get("Type") != f"{WSS}-username-token-profile-1.0#{kind}":
        return "UnsupportedSecurityToken"
    right = b64encode(sha1(b64decode(nonce.text) + created.encode() + STATE.password.encode()).digest()).decode()  # noqa: S324  # the standard says so
    expected = right if STATE.form == "digest" else STATE.password
    stamp = security[0].find(f"{WSU}Timestamp")
    if STATE.expires and not (stamp.find(f"{WSU}Created").text == created < stamp.find(f"{WSU}Expires").text):
        return "InvalidSecurity"
    return None if (token.find(f"{WSSE}Username").text, given.text) == (LOGIN, expected) else "FailedAuthentication"


@pytest.fixture(scope="module")
def vendor() -> Iterator[str]:
    with listening(_Vendor) as url:
        yield url


@pytest.fixture(autouse=True)
def _fresh() -> None:
    STATE.form, STATE.expires, STATE.password, STATE.nonces, STATE.bodies, STATE.fails = "digest", False, SECRET, set(), [], 0


ASKED = "<v:LayDanhSach xmlns:v='urn:v'><tu>{offset}</tu><so>{limit}</so></v:LayDanhSach>"
BODIES = {
    "no header": f"<?xml version='1.0' encoding='utf-8'?><soap:Envelope xmlns:soap='{SOAP_11}'><soap:Body>{ASKED}</soap:Body></soap:Envelope>",
    "an empty header": f"<soap:Envelope xmlns:soap='{SOAP_11}'><soap:Header /><soap:Body>{ASKED}</soap:Body></soap:Envelope>",
    "a header with something": (
        f"<E:Envelope xmlns:E='{SOAP_12}'><E:Header a='x>y'><khoa xmlns='urn:k'>Đơn vị</khoa></E:Header><E:Body>{ASKED}</E:Body></E:Envelope>"
    ),
}
Pull = Callable[..., Landed]


@pytest.fixture
def pull(vendor: str, tmp_path: Path, sleeps: list[float]) -> Pull:
    def run(body: str = BODIES["no header"], *, password: str = SECRET, **auth: Any) -> Landed:
        said = {
            "source": "vendor", "name_vi": "Thử", "owner": "Thử", "zone": "Asia/Ho_Chi_Minh",
            "http": {
                "auth": {"kind": "ws_security"} | auth, "path": "/{entity}", "retries": 2, "answers": "xml", "body": body,
                "paginator": {"kind": "offset", "limit": SIZE, "data": "Envelope.Body.*.ds.buoc", "total": "Envelope.Body.*.tong"},
            },
            "entities": {"steps": {"model": "dossier_step", "key": ["@ma"], "columns": {"step_code": "@ma", "dossier_code": "hoSo", "done_at": "luc"}}},
        }  # fmt: skip
        path = tmp_path / "vendor.yaml"
        path.write_text(yaml.safe_dump(said), encoding="utf-8")
        folder = (tmp_path / f"landing{len(STATE.bodies)}").as_uri()
        connection = Connection("vendor", vendor, LOGIN, password)
        return extract(read_profile(path), connection, Window(None, T), folder, extract_id=1, privacy_key=KEY)[0]

    return run


@pytest.mark.parametrize("body", BODIES.values(), ids=list(BODIES))
@pytest.mark.parametrize("form", ["digest", "text"])
def test_every_page_is_asked_for_with_a_token_of_its_own(pull: Pull, body: str, form: str) -> None:
    STATE.form, STATE.expires, STATE.fails = form, True, 1
    load = pull(body, form=form, timestamp_seconds=300)
    assert sorted(record["@ma"] for record in records(load)) == [f"B{n}" for n in range(5)]
    nonces = {str(ElementTree.fromstring(data).findtext(f".//{WSSE}Nonce")) for data in STATE.bodies}
    assert len(nonces) == len(STATE.bodies) == len(STATE.nonces) + 1 >= 4, "also the request that was repeated after 503 had a new nonce"


def test_a_digest_hides_the_password_and_a_text_does_not(pull: Pull) -> None:
    pull()
    assert not [data for data in STATE.bodies if b"s3cret" in data]
    STATE.form = "text"
    pull(form="text")
    assert b"s3cret &amp; &lt;value&gt;" in STATE.bodies[-1]


def test_the_digest_is_that_of_the_standard() -> None:
    """Base64(SHA-1(nonce + created + password)), computed by another program: printf | openssl dgst -sha1 -binary | base64."""
    assert digest(b"0123456789abcdef", "2023-05-01T08:00:00.000Z", "s3cret") == "ZdIgWPxY496ZKtw8VEprrB5sHOA="


def test_a_request_that_is_sent_again_is_refused(pull: Pull, vendor: str) -> None:
    pull()
    again = requests.post(f"{vendor}/steps", data=STATE.bodies[0], headers={"Content-Type": "text/xml"}, timeout=10)
    assert (again.status_code, "wsse:FailedCheck" in again.text) == (500, True)


@pytest.mark.parametrize("body", BODIES.values(), ids=list(BODIES))
def test_a_wrong_password_is_told_once_without_its_words(pull: Pull, body: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(SourceUnavailable) as told:
        pull(body, password="another-secret")
    said = str(told.value)
    assert "vendor steps" in said and "the token of WS-Security was refused (FailedAuthentication)" in said
    assert "clock of this machine" in said and "src_vendor" in said
    assert len(STATE.bodies) == 1, "asking again could lock the account"
    for word in ("another-secret", LOGIN, "Security>", digest_of(STATE.bodies[0])):
        assert word not in said + caplog.text, word


def digest_of(body: bytes) -> str:
    found = ElementTree.fromstring(body).find(f".//{WSSE}Password")
    assert found is not None and found.text
    return str(found.text)


def test_a_clock_that_is_wrong_is_told(pull: Pull, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cchc.sources.ws_security.period.now", lambda: datetime.now(UTC) - timedelta(hours=1))
    with pytest.raises(SourceUnavailable, match=r"refused \(MessageExpired\). Check the clock of this machine"):
        pull()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<x>{offset}</x>", "needs an envelope of SOAP 1.1 or 1.2"),
        ("<Envelope xmlns='urn:other'><Body>{offset}</Body></Envelope>", "needs an envelope of SOAP 1.1 or 1.2"),
        (None, "it goes with 'answers: xml' and a 'body' that is an envelope as a text"),
    ],
)
def test_a_token_needs_an_envelope(pull: Pull, body: str, words: str) -> None:
    with pytest.raises(NotConfigured, match=words):
        pull(body)


def test_a_connection_without_login_and_password_is_told(pull: Pull) -> None:
    with pytest.raises(CchcError, match="src_vendor lacks its credentials: set login and password"):
        pull(password="")


def test_what_looks_like_a_header_and_is_none_is_left_alone() -> None:
    """The header of the envelope is found by its namespace and place, not by its letters."""
    body = f"<!-- <soap:Header> --><Envelope xmlns='{SOAP_11}'><Body><Header xmlns='urn:v'/></Body></Envelope>".encode()
    found = with_header(body, lambda prefix: f"<x{prefix}/>").decode()
    assert found == body.decode().replace(f"<Envelope xmlns='{SOAP_11}'>", f"<Envelope xmlns='{SOAP_11}'><Header><x/></Header>")

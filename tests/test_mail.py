"""E-mails go to a real mail server as they should, and what does not go is told (cchc.mail)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cchc.errors import NotConfigured
from cchc.mail import Attachment, MailNotSent, MailServer, is_address, send_mail
from tests.support.certificates import certificate
from tests.support.smtp import Mailbox, mail_server

SUBJECT = "Danh sách hồ sơ trễ hạn hoặc sắp đến hạn tháng 06/2023 của Ủy ban nhân dân xã Phú Lý, huyện Vĩnh Cửu, tỉnh Đồng Nai"
TO = ["ubnd.phuly@example.vn", "Văn phòng <vp@example.vn>"]


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mail_server() as running:
        yield running


def to(box: Mailbox, **parts: object) -> MailServer:
    """The server of a mailbox, without encryption."""
    return replace(MailServer("127.0.0.1", box.port, "Số liệu <so.lieu@example.vn>", security="none"), **parts)  # type: ignore[arg-type]


def test_an_email_with_its_attachments(box: Mailbox) -> None:
    files = [Attachment("hồ sơ trễ hạn.xlsx", b"PK\x03\x04..."), Attachment("danh sách.csv", "mã;ngày\n1;2\n".encode())]
    send_mail(to(box), TO, SUBJECT.replace(" tháng", "\r\ntháng"), "Kính gửi Ủy ban nhân dân xã Phú Lý,\n\nDanh sách kèm theo.", files)
    (mail,) = box.mails
    assert mail["Subject"] == SUBJECT
    assert mail["From"] == "Số liệu <so.lieu@example.vn>"
    assert mail["Date"] and mail["Message-ID"].endswith("@example.vn>")
    assert box.recipients == [["ubnd.phuly@example.vn", "vp@example.vn"]]
    assert "Kính gửi Ủy ban nhân dân xã Phú Lý," in box.texts[0]
    attached = list(mail.iter_attachments())
    assert [part.get_filename() for part in attached] == [file.name for file in files]
    assert attached[0].get_content_type() == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert attached[0].get_payload(decode=True) == files[0].content
    assert attached[1].get_payload(decode=True) == files[1].content


def test_a_server_that_takes_nothing_is_told(box: Mailbox) -> None:
    box.is_away = True
    with pytest.raises(MailNotSent, match="refused every address"):
        send_mail(to(box), TO, "x", "y")
    box.is_away = False
    box.refuses = {"vp@example.vn"}
    with pytest.raises(MailNotSent, match="refused vp@example.vn; the other addresses have got the e-mail"):
        send_mail(to(box), TO, "x", "y")
    assert box.recipients == [["ubnd.phuly@example.vn"]]
    with pytest.raises(MailNotSent, match=r"the mail server 127.0.0.1:9 took no e-mail: .*refused"):
        send_mail(MailServer("127.0.0.1", 9, "a@example.vn", security="none"), TO, "x", "y")


def test_without_encryption_nothing_is_sent_unless_the_connection_says_so(box: Mailbox) -> None:
    with pytest.raises(MailNotSent, match="STARTTLS"):
        send_mail(to(box, security="starttls"), TO, "x", "y")
    assert box.mails == []


@pytest.mark.parametrize(("host", "days"), [("mail.example.vn", 1), ("127.0.0.1", -1)])
def test_a_certificate_for_another_host_or_that_is_over_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, days: int
) -> None:
    shown = certificate(tmp_path, host=host, days=days)
    monkeypatch.setenv("SSL_CERT_FILE", str(shown.public))
    with mail_server(tls=shown.context, login=("so.lieu", "a secret")) as box:
        with pytest.raises(MailNotSent, match="CERTIFICATE_VERIFY_FAILED"):
            send_mail(to(box, security="starttls", login="so.lieu", password="a secret"), TO, "x", "y")
        assert box.mails == []


def test_the_login_goes_encrypted_to_a_server_that_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = certificate(tmp_path)
    with mail_server(tls=shown.context, login=("so.lieu", "a secret")) as box:
        server = to(box, security="starttls", login="so.lieu", password="a secret")
        with pytest.raises(MailNotSent, match="CERTIFICATE_VERIFY_FAILED"):
            send_mail(server, TO, "x", "y")
        monkeypatch.setenv("SSL_CERT_FILE", str(shown.public))
        send_mail(server, TO, "x", "y")
        with pytest.raises(MailNotSent, match="took no e-mail: 535") as caught:
            send_mail(replace(server, password="another secret"), TO, "x", "y")
    assert len(box.mails) == 1
    assert "secret" not in str(caught.value)
    assert "secret" not in repr(server)


def test_the_parts_of_the_connection() -> None:
    parts = {"host": "mail.example.vn", "login": "so.lieu@example.vn", "password": "p"}
    assert MailServer.from_parts(**parts) == MailServer("mail.example.vn", 587, "so.lieu@example.vn", "so.lieu@example.vn", "p", "starttls")  # type: ignore[arg-type]
    assert MailServer.from_parts(**parts, port=465).security == "tls"  # type: ignore[arg-type]
    assert MailServer.from_parts(host="m", port=2525, extra={"from_email": "a@b.vn", "security": "none"}) == MailServer(
        "m", 2525, "a@b.vn", security="none"
    )
    for wrong, words in [
        ({"host": None}, "no host"),
        ({"host": "m", "extra": {"security": "ssl"}}, "security in extra is 'ssl'. Allowed: starttls, tls, none"),
        ({"host": "m", "login": "so.lieu"}, "no sender: give from_email"),
    ]:
        with pytest.raises(NotConfigured, match=words):
            MailServer.from_parts(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("address", ["a@example.vn", "Văn phòng <vp@example.vn>", "a.b+c@x.example.vn"])
def test_an_address(address: str) -> None:
    assert is_address(address)


@pytest.mark.parametrize("address", ["", "example.vn", "a@", "@example.vn", "a@localhost", "a b@example.vn", "a@exa\nmple.vn"])
def test_no_address(box: Mailbox, address: str) -> None:
    assert not is_address(address)
    with pytest.raises(NotConfigured, match="no e-mail address"):
        send_mail(to(box), [address], "x", "y")
    assert box.mails == []

"""Requests that never come to their end, against the image's own command and without a proxy in front of it."""

import contextlib
import io
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from django.test import Client

from tests.image import Served, served
from tests.world import World

HALF_A_HEAD = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
HALF_A_FORM = (
    b"POST /accounts/login/ HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nlogin=sam"
)
THREADS = 8  # of the one process that is started here


def answers_within(web: Served, seconds: float) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{web.port}/livez", timeout=seconds) as page:
            return bool(page.status == 200)
    except (urllib.error.URLError, TimeoutError):
        return False


@pytest.mark.parametrize("half", [HALF_A_HEAD, HALF_A_FORM], ids=["head", "form"])
def test_half_sent_requests_hold_no_thread_for_long(tmp_path: Path, half: bytes) -> None:
    with served(tmp_path, REQUEST_SECONDS="2") as web, contextlib.ExitStack() as opened:
        for _ in range(THREADS):
            opened.enter_context(web.connect()).sendall(half)
        time.sleep(0.5)
        assert not answers_within(web, 0.5), "they hold every thread, or this test shows nothing"
        assert answers_within(web, 6)


def test_one_that_sends_a_byte_now_and_then_is_cut_as_well(tmp_path: Path) -> None:
    with served(tmp_path, REQUEST_SECONDS="2") as web, web.connect() as slow:
        slow.sendall(HALF_A_HEAD)
        began = time.monotonic()
        with contextlib.suppress(ConnectionError):
            while time.monotonic() - began < 10:
                slow.sendall(b"x")
                slow.settimeout(0.3)
                with contextlib.suppress(TimeoutError):
                    if not slow.recv(1000):
                        break
        assert time.monotonic() - began < 8


def test_a_slow_answer_is_not_cut(tmp_path: Path) -> None:
    """The limit is on what arrives: who reads slowly, or asks twice, gets the whole."""
    with served(tmp_path, REQUEST_SECONDS="1") as web, web.connect() as client:
        for _ in range(2):
            client.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            time.sleep(0.7)
            assert client.recv(4000).startswith(b"HTTP/1.1 200")


def test_a_form_that_was_cut_off_is_not_carried_out(tmp_path: Path) -> None:
    """What arrived reads like a form, and must not be taken for one."""
    with served(tmp_path) as web, web.connect() as client:
        client.sendall(HALF_A_FORM.replace(b"/accounts/login/", b"/preferences/"))
        client.shutdown(socket.SHUT_WR)
        answer = client.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 400"), answer[:200]


def test_who_is_cut_off_is_told_that_nothing_was_done(world: World) -> None:
    client = Client()
    client.force_login(world.user("sam"))
    answer = client.generic(
        "POST",
        "/preferences/",
        b"language=zh-hans",
        content_type="application/x-www-form-urlencoded",
        **{"CONTENT_LENGTH": "40", "wsgi.input": io.BytesIO(b"language=zh-hans")},
    )
    assert answer.status_code == 400
    assert "did not arrive whole. Nothing was done" in answer.content.decode()
    world.user("sam").refresh_from_db()
    assert world.user("sam").language == ""


def test_clients_that_do_not_hang_up_delay_nobody(tmp_path: Path) -> None:
    """gunicorn waits two seconds for each, one after another, in the thread that accepts connections."""
    with served(tmp_path) as web, contextlib.ExitStack() as opened:
        for _ in range(20):
            client = opened.enter_context(web.connect())
            client.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        time.sleep(0.5)
        assert answers_within(web, 8)  # forty seconds, where each is waited for


def test_who_does_not_hang_up_is_hung_up_on(tmp_path: Path) -> None:
    with served(tmp_path) as web, web.connect() as client:
        client.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert client.makefile("rb").read().startswith(b"HTTP/1.1 200")
        time.sleep(4)
        with pytest.raises(ConnectionError):
            for _ in range(20):
                client.sendall(b"more")
                time.sleep(0.05)


def test_who_reads_nothing_holds_no_thread_for_long(tmp_path: Path) -> None:
    css = "/static/vendor/tabler/css/tabler.min.css"
    with served(tmp_path, REQUEST_SECONDS="2") as web, contextlib.ExitStack() as opened:
        for _ in range(THREADS):
            client = opened.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            client.connect(("127.0.0.1", web.port))
            for _ in range(12):  # more than the kernel takes for it
                client.sendall(f"GET {css} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        time.sleep(1)
        assert answers_within(web, 9)


def test_what_gunicorn_cannot_read_is_not_quoted_in_the_log(tmp_path: Path) -> None:
    with served(tmp_path, LOG_LEVEL="INFO") as web:
        for sent in (
            b"GET /livez HTTP/1.1\r\nHost: localhost\r\nCookie sessionid=SECRET-A\r\n\r\n",
            b"login=sam&password=SECRET-B \r\n\r\n",
            b"POST /livez HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nSECRET-C\r\n\r\n",
        ):
            with web.connect() as client:
                client.sendall(sent)
                client.shutdown(socket.SHUT_WR)
                client.makefile("rb").read()
    told = web.log.read_text()
    assert told.count("Invalid request from ip=127.0.0.1") >= 2
    assert "SECRET" not in told


def test_a_form_in_chunks_is_refused(tmp_path: Path) -> None:
    """It would count as empty, and where it was cut off nobody could say."""
    head = b"POST /preferences/ HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    for rest in (b"5\r\nthe" + b"me\r\n0\r\n\r\n", b"50\r\ntheme="):
        with served(tmp_path) as web, web.connect() as client:
            client.sendall(head + rest)
            client.shutdown(socket.SHUT_WR)
            assert client.makefile("rb").readline().startswith(b"HTTP/1.1 411")

"""The admin endpoint on loopback, as JSON for programs and as one page for people: out-of-band edits, faults, what was called."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

from emulator import admin_page
from emulator.behaviours import BEHAVIOURS
from emulator.errors import Refused
from emulator.faults import Fault
from emulator.switches import switches

if TYPE_CHECKING:
    from emulator.server import Emulator


class AdminServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], emulator: "Emulator") -> None:
        super().__init__(address, _Handler)
        self.emulator = emulator

    def start(self) -> None:
        threading.Thread(target=self.serve_forever, name="emulator-admin", daemon=True).start()

    def answer(self, method: str, path: str, name: str, body: dict[str, Any]) -> Any:
        """:raises KeyError: for a route that is not there."""
        it = self.emulator
        routes: dict[tuple[str, str], Callable[[], Any]] = {
            ("GET", "/trust-config"): lambda: it.certificate_manager.look(name),
            ("PUT", "/trust-config"): lambda: it.certificate_manager.edit_out_of_band(name, body),
            ("DELETE", "/trust-config"): lambda: it.certificate_manager.delete_out_of_band(name),
            ("PUT", "/crypto-key"): lambda: it.kms.make_key(name, **body),
            ("GET", "/server-tls-policies"): it.gateways.policies,
            ("PUT", "/server-tls-policy"): lambda: it.gateways.put_policy(name, body),
            ("DELETE", "/server-tls-policy"): lambda: it.gateways.delete_policy(name),
            ("GET", "/gateway-certificate"): it.gateways.certificate,
            ("GET", "/faults"): it.faults.waiting,
            ("POST", "/faults"): lambda: it.faults.add(Fault(**body)),
            ("DELETE", "/faults"): it.faults.clear,
            ("GET", "/permissions"): it.permissions.denied,
            ("PUT", "/permissions"): lambda: it.permissions.deny(body["identity"], body["denied"]),
            ("GET", "/switches"): switches.as_json,
            ("PUT", "/switches"): lambda: switches.set(body),
            ("PUT", "/timing"): lambda: self._set_timing(**body),
            ("POST", "/restart"): it.restart,
            ("GET", "/calls"): it.faults.calls,
            ("DELETE", "/calls"): it.faults.clear_calls,
            ("GET", "/behaviours"): lambda: [behaviour._asdict() for behaviour in BEHAVIOURS],
        }
        return routes[method, path]()

    def _set_timing(
        self,
        *,
        operation_seconds: float | None = None,
        propagation_seconds: float | None = None,
        requests_per_minute: int | None = None,
    ) -> None:
        it = self.emulator
        it.operations.seconds = (
            it.operations.seconds if operation_seconds is None else operation_seconds
        )
        it.operations.propagation_seconds = (
            it.operations.propagation_seconds
            if propagation_seconds is None
            else propagation_seconds
        )
        it.quota.per_minute = (
            it.quota.per_minute if requests_per_minute is None else requests_per_minute
        )


class _Handler(BaseHTTPRequestHandler):
    server: AdminServer

    def _serve(self) -> None:
        url = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if url.path == "/":
            self._serve_page(query, body)
            return
        try:
            self._send(
                200,
                self.server.answer(
                    self.command, url.path, query.get("name", ""), json.loads(body) if body else {}
                ),
            )
        except KeyError as error:
            self._send(
                404, {"error": f"no route {self.command} {url.path}, or nothing named {error}"}
            )
        except Refused as refused:
            self._send(409, {"error": str(refused), "violations": list(refused.violations)})
        except (ValueError, TypeError) as error:
            self._send(400, {"error": str(error)})

    def _serve_page(self, query: dict[str, str], body: bytes) -> None:
        """The page; its forms are taken from itself only, since any page of the web can post to loopback."""
        said = query.get("said", "")
        if self.command == "POST":
            if (origin := self.headers.get("Origin")) and urlsplit(
                origin
            ).netloc != self.headers.get("Host"):
                self._send(403, {"error": "this form was sent by another page"})
                return
            said = admin_page.act(
                self.server.emulator,
                {
                    key: values[0]
                    for key, values in parse_qs(body.decode(), keep_blank_values=True).items()
                },
            )
            self.send_response(303)  # so that loading the page again does nothing again
            self.send_header("Location", f"/?{urlencode({'said': said})}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self._write(
            200, "text/html; charset=utf-8", admin_page.render(self.server.emulator, said).encode()
        )

    do_GET = do_PUT = do_POST = do_DELETE = _serve  # noqa: N815  (the names that http.server asks for)

    def _send(self, status: int, answer: Any) -> None:
        self._write(status, "application/json", json.dumps(answer).encode())

    def _write(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Emulator", "1")
        self.send_header(
            "Content-Security-Policy",
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
        )
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (the base class names it so)
        """Access lines of a loopback helper would only bury the log."""

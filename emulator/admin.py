"""The admin endpoint on loopback: out-of-band edits, faults on order, and what was called. HTTP and JSON, no client needed."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from emulator.behaviours import BEHAVIOURS
from emulator.certificate_manager import CertificateManager
from emulator.errors import Refused
from emulator.faults import Fault, Faults
from emulator.kms import KeyManagement


class AdminServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], manager: CertificateManager, kms: KeyManagement, faults: Faults) -> None:
        super().__init__(address, _Handler)
        self.manager, self.kms, self.faults = manager, kms, faults

    def start(self) -> None:
        threading.Thread(target=self.serve_forever, name="emulator-admin", daemon=True).start()

    def answer(self, method: str, path: str, name: str, body: dict[str, Any]) -> Any:
        """:raises KeyError: for a route that is not there."""
        routes: dict[tuple[str, str], Any] = {
            ("GET", "/trust-config"): lambda: self.manager.look(name),
            ("PUT", "/trust-config"): lambda: self.manager.edit_out_of_band(name, body),
            ("PUT", "/crypto-key"): lambda: self.kms.make_key(name),
            ("GET", "/faults"): self.faults.waiting,
            ("POST", "/faults"): lambda: self.faults.add(Fault(**body)),
            ("DELETE", "/faults"): self.faults.clear,
            ("GET", "/calls"): self.faults.calls,
            ("DELETE", "/calls"): self.faults.clear_calls,
            ("GET", "/behaviours"): lambda: [behaviour._asdict() for behaviour in BEHAVIOURS],
        }
        return routes[method, path]()


class _Handler(BaseHTTPRequestHandler):
    server: AdminServer

    def _serve(self) -> None:
        url = urlsplit(self.path)
        name = parse_qs(url.query).get("name", [""])[0]
        length = int(self.headers.get("Content-Length") or 0)
        try:
            body = json.loads(self.rfile.read(length)) if length else {}
            self._send(200, self.server.answer(self.command, url.path, name, body))
        except KeyError:
            self._send(404, {"error": f"no route {self.command} {url.path}"})
        except Refused as refused:
            self._send(409, {"error": str(refused), "violations": list(refused.violations)})
        except (ValueError, TypeError) as error:
            self._send(400, {"error": str(error)})

    do_GET = do_PUT = do_POST = do_DELETE = _serve  # noqa: N815  (the names that http.server asks for)

    def _send(self, status: int, answer: Any) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Emulator", "1")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (the base class names it so)
        """Access lines of a loopback helper would only bury the log."""

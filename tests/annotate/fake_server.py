"""As much of Label Studio's API as a study needs, in memory; also as a program that stands in for `label-studio`."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

START = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
#: A personal access token is a JSON web token: three parts with dots.
PERSONAL = "header.payload.signature"


@dataclass
class State:
    """What the server holds. refuse: so many coming calls are answered with status 500."""

    token: str = "t" * 40
    users: dict[int, str] = field(default_factory=lambda: {1: "lead@quibble.invalid"})
    projects: dict[int, dict[str, Any]] = field(default_factory=dict)
    tasks: dict[int, dict[str, Any]] = field(default_factory=dict)
    files: dict[int, tuple[str, bytes]] = field(default_factory=dict)
    refuse: int = 0
    refreshed: int = 0
    access: str = "fresh"
    clock: int = 0


class FakeLabelStudio(ThreadingHTTPServer):
    """Serves at `url`; people answer by `answer`, a minute each."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__((host, port), _Handler)
        self.state = State()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def now(self) -> datetime:
        return START + timedelta(minutes=self.state.clock)

    def answer(
        self, project: int, item: str, results: Sequence[Mapping[str, Any]], *, mail: str = "", skip: bool = False
    ) -> None:
        """Answer an item of a project, a minute after the last answer. mail: of the account; the lead's by default."""
        self.state.clock += 1
        task = next(t for t in self.state.tasks.values() if t["project"] == project and t["data"]["item"] == item)
        by = next((number for number, one in self.state.users.items() if one == mail), 1)
        one = {"id": self.state.clock, "completed_by": by, "result": list(results), "was_cancelled": skip}
        one |= {"created_at": self.now().isoformat(), "updated_at": self.now().isoformat(), "lead_time": 12.04}
        task["annotations"].append(one)

    def draft(self, project: int, item: str, results: Sequence[Mapping[str, Any]]) -> None:
        task = next(t for t in self.state.tasks.values() if t["project"] == project and t["data"]["item"] == item)
        task["drafts"].append({"id": 7, "result": list(results), "created_at": self.now().isoformat()})


class _Handler(BaseHTTPRequestHandler):
    server: FakeLabelStudio
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._do("GET")

    def do_POST(self) -> None:
        self._do("POST")

    def do_DELETE(self) -> None:
        self._do("DELETE")

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _do(self, method: str) -> None:
        state = self.server.state
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = urlsplit(self.path).path
        if path == "/health":
            return self._send(200, {"status": "UP"})
        if path == "/user/signup/":
            return self._sign_up(method, body)
        if state.refuse:
            state.refuse -= 1
            return self._send(500, {"detail": "out of order"})
        if path == "/api/version":
            return self._send(200, {"release": "fake"})
        if path == "/api/token/refresh":
            good = json.loads(body).get("refresh") == PERSONAL
            state.refreshed += good
            return self._send(200 if good else 401, {"access": state.access} if good else {"detail": "no such token"})
        if self.headers.get("Authorization") not in (f"Token {state.token}", f"Bearer {state.access}"):
            return self._send(401, {"detail": "Invalid token."})
        return self._api(method, path, body)

    def _api(self, method: str, path: str, body: bytes) -> None:
        state = self.server.state
        if path == "/api/current-user/whoami":
            return self._send(200, {"email": state.users[1]})
        if path == "/api/users/":
            return self._send(200, [{"id": number, "email": mail} for number, mail in state.users.items()])
        if path == "/api/invite":
            return self._send(200, {"invite_url": "/user/signup/?token=invited"})
        if path == "/api/projects/" and method == "POST":
            number = len(state.projects) + 1
            state.projects[number] = {"id": number, **json.loads(body)}
            return self._send(201, state.projects[number])
        if path == "/api/projects/":
            page = int(parse_qs(urlsplit(self.path).query)["page"][0])
            listed = list(state.projects.values())
            # Two a page, so that pages are turned.
            more = "next" if len(listed) > 2 * page else None
            return self._send(200, {"results": listed[2 * page - 2 : 2 * page], "next": more})
        if found := re.fullmatch(r"/api/projects/(\d+)/import", path):
            return self._import(int(found[1]), body)
        if found := re.fullmatch(r"/api/import/file-upload/(\d+)", path):
            return self._send(200, {"file": f"upload/{found[1]}-{state.files[int(found[1])][0]}"})
        if found := re.fullmatch(r"/api/projects/(\d+)/export", path):
            return self._send(200, [task for task in state.tasks.values() if task["project"] == int(found[1])])
        if (found := re.fullmatch(r"/api/tasks/(\d+)/", path)) and method == "DELETE":
            del state.tasks[int(found[1])]
            return self._send(204, None)
        return self._send(404, {"detail": f"no {method} {path}"})

    def _import(self, project: int, body: bytes) -> None:
        state = self.server.state
        if "multipart" in self.headers["Content-Type"]:
            boundary = self.headers["Content-Type"].partition("boundary=")[2].encode()
            head, _, rest = body.partition(b"\r\n\r\n")
            name = re.search(rb'filename="([^"]+)"', head)
            assert name is not None
            number = len(state.files) + 1
            state.files[number] = (name[1].decode(), rest.removesuffix(b"\r\n--" + boundary + b"--\r\n"))
            return self._send(201, {"file_upload_ids": [number]})
        for task in json.loads(body):
            number = max(state.tasks, default=0) + 1
            state.tasks[number] = {"id": number, "project": project, "annotations": [], "drafts": [], **task}
        return self._send(201, {})

    def _sign_up(self, method: str, body: bytes) -> None:
        state = self.server.state
        if method == "POST":
            form = parse_qs(body.decode())
            assert form["csrfmiddlewaretoken"] == ["secret"]
            state.users[len(state.users) + 1] = form["email"][0]
        self._send(200, {}, {"Set-Cookie": "csrftoken=secret"})

    def _send(self, status: int, value: object, headers: Mapping[str, str] | None = None) -> None:
        data = json.dumps(value).encode() if value is not None else b""
        self.send_response(status)
        for name, text in {**(headers or {}), "Content-Length": str(len(data))}.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(data)


def main() -> None:
    """What `label-studio start --internal-host HOST --port PORT` would be."""
    if os.environ.get("FAKE") == "dies":
        sys.exit("Error: the database is damaged")
    if os.environ.get("FAKE") == "hangs":
        time.sleep(60)
    server = FakeLabelStudio(port=int(sys.argv[sys.argv.index("--port") + 1]))
    server.state.token = os.environ["LABEL_STUDIO_USER_TOKEN"]
    print("serving", {name: os.environ[name] for name in ("COLLECT_ANALYTICS", "SENTRY_DSN")}, flush=True)
    server.serve_forever(poll_interval=0.01)


if __name__ == "__main__":
    main()

"""Label Studio over HTTP: the few documented calls that a study needs, with nothing but the standard library.

The official client would bring some fifty packages with it, and pins of OpenCV and others that exclude newer ones.
"""

from __future__ import annotations

import json
import mimetypes
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

from quibble.errors import ArgumentError, EndpointError

#: So much of what the server said is shown in an error.
_SHOWN: Final = 300
_PAGE: Final = 500


class LabelStudio:
    """A Label Studio that runs at `url`.

    token: a personal access token, or a legacy one; both are told by their form. Raises ArgumentError for another URL
    or no token; every call raises EndpointError if the server is not reached or refuses.
    """

    def __init__(self, url: str, token: str, *, timeout_s: float = 60.0) -> None:
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise ArgumentError(f"expected a URL such as http://localhost:8080, found {url!r}")
        if not token or not token.isascii() or any(c.isspace() for c in token):
            raise ArgumentError(
                "expected an access token (Label Studio: Account & Settings), found none or a damaged one"
            )
        self.url, self.timeout_s = url.rstrip("/"), timeout_s
        self._token, self._access = token, ""

    def version(self) -> str:
        """The server's release. Asks for nothing that needs the token."""
        return str(self._json("GET", "/api/version").get("release", "unknown"))

    def whoami(self) -> str:
        """The e-mail of the token's owner; the cheapest way to see whether the token is good."""
        return str(self._json("GET", "/api/current-user/whoami")["email"])

    def create_project(self, settings: Mapping[str, Any]) -> int:
        """A new project's number."""
        return int(self._json("POST", "/api/projects/", settings)["id"])

    def update_project(self, project: int, settings: Mapping[str, Any]) -> None:
        """Change some of a project's settings."""
        self._json("PATCH", f"/api/projects/{project}/", settings)

    def projects(self) -> Iterator[dict[str, Any]]:
        """All projects that the token's owner sees."""
        page = 1
        while True:
            found = self._json("GET", f"/api/projects/?{urlencode({'page': page, 'page_size': _PAGE})}")
            yield from found["results"]
            if not found.get("next"):
                return
            page += 1

    def upload(self, project: int, name: str, data: bytes) -> str:
        """Store a picture with a project. -> the path under which the server's pages show it"""
        boundary = uuid.uuid4().hex
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        disposition = f'Content-Disposition: form-data; name="file"; filename="{name}"'
        head = f"--{boundary}\r\n{disposition}\r\nContent-Type: {kind}\r\n\r\n"
        body = head.encode("ascii") + data + f"\r\n--{boundary}--\r\n".encode("ascii")
        form = f"multipart/form-data; boundary={boundary}"
        found = self._json("POST", f"/api/projects/{project}/import?commit_to_project=false", body, form=form)
        number = found["file_upload_ids"][0]
        return f"/data/{self._json('GET', f'/api/import/file-upload/{number}')['file']}"

    def add_tasks(self, project: int, tasks: Sequence[Mapping[str, Any]]) -> None:
        """Add tasks: `data`, and `predictions` that are shown with them."""
        self._json("POST", f"/api/projects/{project}/import", list(tasks))

    def tasks(self, project: int) -> list[dict[str, Any]]:
        """All tasks of a project as Label Studio exports them, with annotations, drafts and predictions."""
        query = urlencode({"exportType": "JSON", "download_all_tasks": "true"})
        return list(self._json("GET", f"/api/projects/{project}/export?{query}"))

    def delete_task(self, task: int) -> None:
        """Take a task away, with whatever was answered to it."""
        self._json("DELETE", f"/api/tasks/{task}/")

    def users(self) -> dict[int, str]:
        """The e-mail of each account, by its number."""
        return {int(user["id"]): str(user["email"]) for user in self._json("GET", "/api/users/")}

    def invitation(self) -> str:
        """The link with which people make themselves an account."""
        return self.url + str(self._json("GET", "/api/invite")["invite_url"])

    def _json(self, method: str, path: str, body: Any = None, *, form: str = "application/json") -> Any:
        """What the server answers to a call, read as JSON; None for an empty answer."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        try:
            text = self._send(method, path, data, form)
        except HTTPError as error:
            # A personal access token is exchanged for one that lives for minutes.
            if error.code != 401 or not self._access:
                raise _refusal(error, method, self.url + path) from error
            self._access = ""
            try:
                text = self._send(method, path, data, form)
            except HTTPError as again:
                raise _refusal(again, method, self.url + path) from again
        try:
            return json.loads(text) if text else None
        except ValueError as error:
            raise EndpointError(f"{self.url}{path} sent no JSON: is it a Label Studio?") from error

    def _send(self, method: str, path: str, data: bytes | None, form: str) -> bytes:
        request = Request(self.url + path, data=data, method=method)
        request.add_header("Authorization", self._authorization())
        if data is not None:
            request.add_header("Content-Type", form)
        return self._open(request)

    def _open(self, request: Request) -> bytes:
        try:
            with urlopen(request, timeout=self.timeout_s) as answer:
                found: bytes = answer.read()
                return found
        except HTTPError:
            raise
        except (URLError, OSError) as error:
            reason = getattr(error, "reason", None) or error
            raise EndpointError(f"Label Studio at {self.url} was not reached: {reason}") from error

    def _authorization(self) -> str:
        if self._token.count(".") != 2:
            return f"Token {self._token}"
        if not self._access:
            request = Request(f"{self.url}/api/token/refresh", method="POST")
            request.data = json.dumps({"refresh": self._token}).encode()
            request.add_header("Content-Type", "application/json")
            try:
                self._access = str(json.loads(self._open(request))["access"])
            except HTTPError as error:
                raise _refusal(error, "POST", f"{self.url}/api/token/refresh") from error
            except (ValueError, KeyError) as error:
                raise EndpointError(f"{self.url} sent no access token: is it a Label Studio?") from error
        return f"Bearer {self._access}"


def _refusal(error: HTTPError, method: str, url: str) -> EndpointError:
    said = error.read().decode("utf-8", errors="replace")
    try:
        parts = json.loads(said)
        said = str(parts.get("validation_errors") or parts.get("detail") or said)
    except (ValueError, AttributeError):
        pass
    hint = "; the token is not valid there (Account & Settings has it)" if error.code in (401, 403) else ""
    return EndpointError(f"{method} {url} was refused with status {error.code}: {said[:_SHOWN]}{hint}")

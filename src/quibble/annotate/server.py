"""A Label Studio of one's own: started on SQLite in a folder, waited for until it is healthy, and stopped.

Label Studio pins OpenCV, pyarrow and others, so it is run as a program and never imported: it may live in an
environment of its own. Nothing is sent to its makers: statistics, crash reports and the check for newer versions are
turned off, and strangers cannot sign up.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener, urlopen

from quibble.annotate.client import LabelStudio
from quibble.data.files import atomic_writer
from quibble.errors import ArgumentError, EndpointError, MissingExtraError

#: Names the program where it is not on the PATH.
VARIABLE: Final = "QUIBBLE_LABEL_STUDIO"
#: The address and the token of a server that runs already, as its own client names them.
URL_VARIABLE: Final = "LABEL_STUDIO_URL"
TOKEN_VARIABLE: Final = "LABEL_STUDIO_API_KEY"
#: A study's own server, whatever its port is today.
OWN: Final = "own"
LEAD: Final = "lead@quibble.invalid"
PORT: Final = 8080
#: The first start makes the database: half a minute to two minutes on a small machine.
WAIT_S: Final = 300.0
_STOP_S: Final = 20.0
#: So many ports are tried where each is taken while the program starts.
_TRIES: Final = 3
_CONNECTION: Final = "connection.json"
_LOG: Final = "label-studio.log"

_SETTINGS: Final = {
    "COLLECT_ANALYTICS": "false",
    "DJANGO_DB": "sqlite",
    "FRONTEND_SENTRY_DSN": "",
    "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
    "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
    "LABEL_STUDIO_USERNAME": LEAD,
    "LATEST_VERSION_CHECK": "false",
    "OMP_NUM_THREADS": "1",
    "SENTRY_DSN": "",
}


@dataclass(frozen=True, kw_only=True)
class Server:
    """A Label Studio started here. password: of the lead's account. pid: of its process."""

    url: str
    token: str
    password: str
    port: int
    pid: int

    def client(self) -> LabelStudio:
        return LabelStudio(self.url, self.token)


def find_program(named: str | None = None) -> str:
    """Where the program `label-studio` is: as named, as QUIBBLE_LABEL_STUDIO says, beside this Python, on the PATH.

    Raises ArgumentError if it is named and not there, MissingExtraError if it is nowhere.
    """
    if wanted := named or os.environ.get(VARIABLE):
        found = shutil.which(wanted)
        if found is None:
            raise ArgumentError(f"expected the program label-studio, found nothing that can be run at {wanted}")
        return found
    beside = Path(sys.executable).with_name("label-studio")
    found = shutil.which(str(beside)) or shutil.which("label-studio")
    if found is None:
        raise MissingExtraError("label-studio", "annotate")
    return found


def running(folder: Path) -> Server | None:
    """The Label Studio that was started in a folder and still runs."""
    server = _remembered(folder)
    return server if server is not None and _is_up(server.url) and _is_ours(server) else None


@contextmanager
def started(
    folder: Path,
    *,
    program: str | None = None,
    host: str = "127.0.0.1",
    port: int | None = None,
    wait_s: float = WAIT_S,
    tell: Callable[[str], None] = lambda line: None,
) -> Iterator[Server]:
    """A Label Studio with its data in `folder`, healthy when it is handed out, stopped afterwards.

    One that an earlier run left behind there is taken over. port: by default the one of last time, or 8080, or any
    that is free. Raises EndpointError if it does not come up in `wait_s`, with the last it said; ArgumentError if the
    port is taken; and what find_program raises.
    """
    if (earlier := running(folder)) is not None:
        tell(f"taking over the Label Studio that runs at {earlier.url}")
        try:
            yield earlier
        finally:
            _stop(earlier.pid)
        return
    found = find_program(program)
    folder.mkdir(parents=True, exist_ok=True)
    if port is not None and not _is_free(host, port):
        raise ArgumentError(f"port {port} is taken; choose another, or none to have a free one chosen")
    tell("starting Label Studio; the first time takes a minute or two")
    for left in reversed(range(_TRIES)):
        process, server = _launch(found, folder, host, port)
        try:
            _wait(process, server, folder / _LOG, wait_s)
            break
        except EndpointError as error:
            _stop(process.pid, process)
            # Between our look at the port and its start another program may have taken it, if only for a moment.
            taken = not _is_free(host, server.port) or os.strerror(errno.EADDRINUSE) in str(error)
            if port is not None or not left or not taken:
                raise
        except BaseException:
            _stop(process.pid, process)
            raise
    try:
        yield server
    finally:
        _stop(process.pid, process)


def _launch(program: str, folder: Path, host: str, port: int | None) -> tuple[subprocess.Popen[bytes], Server]:
    """Start the program, and remember where it will be."""
    before = _remembered(folder)
    taken = port if port is not None else _free_port(host, before.port if before is not None else PORT)
    token = before.token if before is not None else secrets.token_hex(20)
    password = before.password if before is not None else secrets.token_urlsafe(12)
    with (folder / _LOG).open("ab") as log:
        process = subprocess.Popen(
            [program, "start", "--no-browser", "--internal-host", host, "--port", str(taken)],
            cwd=folder,
            env=_environment(folder, token=token, password=password),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Ctrl-C is for us; we then stop it in our own time.
            start_new_session=True,
        )
    shown = "127.0.0.1" if host in ("0.0.0.0", "") else host
    server = Server(url=f"http://{shown}:{taken}", token=token, password=password, port=taken, pid=process.pid)
    _remember(folder, server)
    return process, server


def register(server: LabelStudio, email: str, password: str) -> None:
    """Make somebody an account, as the sign-up page does. Raises EndpointError if the server does not."""
    jar = CookieJar()
    opener = build_opener(HTTPCookieProcessor(jar))
    page = server.invitation()
    try:
        opener.open(page, timeout=server.timeout_s).read()
        form = {"email": email, "password": password, "allow_newsletters": "false"}
        form["csrfmiddlewaretoken"] = next((c.value or "" for c in jar if c.name == "csrftoken"), "")
        request = Request(page, data=urlencode(form).encode(), headers={"Referer": page})
        opener.open(request, timeout=server.timeout_s).read()
    except (HTTPError, URLError, OSError) as error:
        raise EndpointError(f"no account could be made for {email} at {server.url}: {error}") from error
    if email not in server.users().values():
        raise EndpointError(f"no account could be made for {email} at {server.url}; let them sign up at {page}")


def write_secret(path: Path, value: Mapping[str, object]) -> None:
    """A JSON file that nobody else on the machine can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_writer(path) as file:
        os.chmod(file.fileno(), 0o600)
        file.write(f"{json.dumps(value, indent=1)}\n".encode())


def _environment(folder: Path, *, token: str, password: str) -> dict[str, str]:
    """Ours, without what would lead another environment's Python to our packages."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    own = {
        "LABEL_STUDIO_BASE_DATA_DIR": str((folder / "data").absolute()),
        "LABEL_STUDIO_PASSWORD": password,
        "LABEL_STUDIO_USER_TOKEN": token,
    }
    return kept | _SETTINGS | own


def _wait(process: subprocess.Popen[bytes], server: Server, log: Path, wait_s: float) -> None:
    """Return when the server is healthy and knows its token."""
    until = time.monotonic() + wait_s
    while time.monotonic() < until:
        if (code := process.poll()) is not None:
            raise EndpointError(f"Label Studio ended with status {code} as it started; it said: {_last(log)}")
        # Another server may have taken the port meanwhile; ours then ends.
        if _is_up(server.url) and _is_ours(server):
            return
        time.sleep(0.2)
    raise EndpointError(f"Label Studio was not up after {wait_s:g} s; {log} has what it said, at last: {_last(log)}")


def _stop(pid: int, process: subprocess.Popen[bytes] | None = None) -> None:
    """Ask it to end, and make it end if it does not."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(pid, number)
        except ProcessLookupError:
            break
        until = time.monotonic() + _STOP_S
        while time.monotonic() < until:
            if process is not None and process.poll() is not None:
                return
            if process is None and not _is_alive(pid):
                return
            time.sleep(0.05)
    if process is not None:
        process.wait()


def _is_alive(pid: int) -> bool:
    try:
        # A child of ours that has ended stays until it is waited for.
        return os.waitpid(pid, os.WNOHANG) == (0, 0)
    except ChildProcessError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _is_up(url: str) -> bool:
    try:
        with urlopen(f"{url}/health", timeout=5) as answer:
            return bool(json.loads(answer.read()).get("status") == "UP")
    except (OSError, ValueError, AttributeError):
        return False


def _is_ours(server: Server) -> bool:
    """Whether the server at its address knows its token; another program may have its port."""
    try:
        server.client().whoami()
    except EndpointError:
        return False
    return True


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _free_port(host: str, wanted: int) -> int:
    if _is_free(host, wanted):
        return wanted
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _remembered(folder: Path) -> Server | None:
    try:
        return Server(**json.loads((folder / _CONNECTION).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def _remember(folder: Path, server: Server) -> None:
    write_secret(folder / _CONNECTION, asdict(server))


def _last(log: Path) -> str:
    lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return lines[-1][:300] if lines else "nothing"


@contextmanager
def reached(
    folder: Path,
    *,
    url: str | None = None,
    token: str | None = None,
    program: str | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> Iterator[tuple[LabelStudio, str]]:
    """The server of a study: the one at `url`; or its own in `folder`, which is started if it does not run.

    -> the client, and the server's name: its URL, or OWN. Raises ArgumentError for a URL without a token, EndpointError
    if the server is not reached or refuses the token, and what `started` raises.
    """
    if url is not None:
        if not token:
            raise ArgumentError(f"{url} needs an access token; give it with --token or in {TOKEN_VARIABLE}")
        client = LabelStudio(url, token)
        client.whoami()
        yield client, client.url
    elif (server := running(folder)) is not None:
        yield server.client(), OWN
    else:
        with started(folder, program=program, tell=tell) as server:
            yield server.client(), OWN

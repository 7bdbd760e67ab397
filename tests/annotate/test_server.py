from __future__ import annotations

import os
import socket
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from quibble.annotate import server as server_module
from quibble.annotate.accounts import open_accounts
from quibble.annotate.client import LabelStudio
from quibble.annotate.kinds import Kind
from quibble.annotate.server import Server, find_program, reached, register, running, started
from quibble.annotate.study import Settings, Study, create
from quibble.errors import ArgumentError, EndpointError, MissingExtraError
from tests.annotate.fake_server import FakeLabelStudio
from tests.annotate.people import write_source

ROOT = Path(__file__).parents[2]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A program that takes label-studio's options and serves as much of it as is needed."""
    path = tmp_path / "label-studio"
    lines = (
        f"#!{sys.executable}",
        "import sys",
        f"sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / 'src')!r}]",
        "from tests.annotate.fake_server import main",
        "main()",
    )
    path.write_text("\n".join(lines))
    path.chmod(0o755)
    monkeypatch.delenv("QUIBBLE_LABEL_STUDIO", raising=False)
    return str(path)


@pytest.fixture
def server(program: str, tmp_path: Path) -> Iterator[Server]:
    with started(tmp_path / "data", program=program) as found:
        yield found


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class TestProgram:
    def test_named_found_and_missing(self, program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        assert find_program(program) == program
        monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
        monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
        with pytest.raises(MissingExtraError, match=r"quibble\[annotate\]"):
            find_program()
        monkeypatch.setenv("PATH", str(Path(program).parent))
        assert find_program() == program
        monkeypatch.setenv("QUIBBLE_LABEL_STUDIO", str(tmp_path / "gone"))
        with pytest.raises(ArgumentError, match="nothing that can be run"):
            find_program()


class TestStarted:
    def test_up_private_and_stopped(self, server: Server, tmp_path: Path) -> None:
        assert server.client().whoami()
        assert running(tmp_path / "data") == server
        connection = tmp_path / "data" / "connection.json"
        assert stat.S_IMODE(connection.stat().st_mode) == 0o600
        log = (tmp_path / "data" / "label-studio.log").read_text()
        assert "'COLLECT_ANALYTICS': 'false', 'SENTRY_DSN': ''" in log

    def test_the_same_again(self, program: str, tmp_path: Path) -> None:
        with started(tmp_path, program=program) as first:
            pass
        assert not is_alive(first.pid)
        assert running(tmp_path) is None
        with started(tmp_path, program=program) as second:
            assert (second.port, second.token, second.password) == (first.port, first.token, first.password)

    def test_one_that_was_left_behind(self, server: Server, tmp_path: Path) -> None:
        told: list[str] = []
        with started(tmp_path / "data", program="/nowhere", tell=told.append) as again:
            assert again == server
        assert "taking over" in told[0]
        assert running(tmp_path / "data") is None

    def test_stopped_when_we_fail(self, program: str, tmp_path: Path) -> None:
        with pytest.raises(RuntimeError), started(tmp_path, program=program) as found:
            raise RuntimeError
        assert not is_alive(found.pid)

    def test_ports(self, program: str, tmp_path: Path) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            with (
                pytest.raises(ArgumentError, match=f"port {port} is taken"),
                started(tmp_path, program=program, port=port),
            ):
                pass

    def test_one_whose_port_was_taken_as_it_started(
        self, program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        choose = server_module._free_port
        with socket.create_server(("127.0.0.1", 0)) as other:
            taken = other.getsockname()[1]
            chosen = iter([taken, None])
            monkeypatch.setattr(server_module, "_free_port", lambda host, wanted: next(chosen) or choose(host, wanted))
            with started(tmp_path / "data", program=program) as found:
                assert found.port != taken
                assert is_alive(found.pid)

    def test_one_whose_port_was_taken_only_for_a_moment(
        self, program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """When we look again the port is free, but the program has said why it ended."""
        with socket.create_server(("127.0.0.1", 0)) as probe:
            free = probe.getsockname()[1]
        with socket.create_server(("127.0.0.1", 0)) as other:
            taken = other.getsockname()[1]
            chosen = iter([taken, free])
            monkeypatch.setattr(server_module, "_free_port", lambda host, wanted: next(chosen))
            monkeypatch.setattr(server_module, "_is_free", lambda host, port: True)
            with started(tmp_path / "data", program=program) as found:
                assert found.port == free

    def test_one_that_dies(self, program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FAKE", "dies")
        with (
            pytest.raises(EndpointError, match="status 1 as it started; it said: Error: the database is damaged"),
            started(tmp_path, program=program),
        ):
            pass

    def test_one_that_hangs(self, program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FAKE", "hangs")
        with pytest.raises(EndpointError, match=r"not up after 0\.3 s"), started(tmp_path, program=program, wait_s=0.3):
            pass
        assert running(tmp_path) is None


class TestReached:
    def test_at_a_url(self, tmp_path: Path, fake: FakeLabelStudio) -> None:
        with reached(tmp_path, url=f"{fake.url}/", token=fake.state.token) as (client, name):
            assert (client.url, name) == (fake.url, fake.url)
        with pytest.raises(ArgumentError, match="LABEL_STUDIO_API_KEY"), reached(tmp_path, url=fake.url):
            pass
        with pytest.raises(EndpointError, match="401"), reached(tmp_path, url=fake.url, token="wrong"):
            pass

    def test_its_own(self, program: str, tmp_path: Path) -> None:
        with reached(tmp_path, program=program) as (client, name):
            assert name == "own"
            with reached(tmp_path, program="/nowhere") as (again, _):
                assert again.url == client.url
            # Whoever only looked in leaves it running.
            assert running(tmp_path) is not None
        assert running(tmp_path) is None


class TestAccounts:
    def test_everybody_gets_one(self, tmp_path: Path, fake: FakeLabelStudio) -> None:
        source = write_source(tmp_path / "source", Kind.PATHWAY, count=1)
        people = {"anna": "", "ben": "ben@lab.org"}
        study = create(tmp_path / "study", source, Settings(kind=Kind.PATHWAY, people=people))
        fake.state.users[9] = "Ben@lab.org"
        passwords = open_accounts(study, LabelStudio(fake.url, fake.state.token))
        assert set(passwords) == {"anna@quibble.invalid"}
        assert Study(study.folder).settings.people == {"anna": "anna@quibble.invalid", "ben": "ben@lab.org"}
        assert "anna@quibble.invalid" in fake.state.users.values()
        assert open_accounts(study, LabelStudio(fake.url, fake.state.token)) == passwords
        assert stat.S_IMODE((study.folder / "label-studio" / "accounts.json").stat().st_mode) == 0o600

    def test_where_nobody_can_sign_up(self, fake: FakeLabelStudio, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(LabelStudio, "users", lambda self: {})
        with pytest.raises(EndpointError, match=r"let them sign up at .*/user/signup/"):
            register(LabelStudio(fake.url, fake.state.token), "anna@lab.org", "secret")

from __future__ import annotations

from collections.abc import Iterator
from threading import Thread

import pytest

from tests.chat_server import ChatServer


@pytest.fixture
def chat_server() -> Iterator[ChatServer]:
    """A server of our own, on this machine."""
    with ChatServer() as running:
        thread = Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()

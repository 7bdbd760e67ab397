from __future__ import annotations

from collections.abc import Iterator
from threading import Thread

import pytest

from tests.annotate.fake_server import FakeLabelStudio


@pytest.fixture
def fake() -> Iterator[FakeLabelStudio]:
    """A stand-in for Label Studio, in this process."""
    with FakeLabelStudio() as running:
        thread = Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()

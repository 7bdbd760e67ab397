from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from quibble import Assessor
from quibble.backends import choice
from quibble.backends.base import Ability
from quibble.backends.chat import ChatBackend
from quibble.backends.weights import NANO
from quibble.errors import ArgumentError, EndpointError, MissingExtraError, ModelError
from tests.chat_server import ChatServer
from tests.fake_speaker import FakeSpeaker


def lacking(*packages: str) -> Any:
    """importlib.util where some packages are not installed."""
    return SimpleNamespace(find_spec=lambda name: None if name in packages else importlib.util.find_spec(name))


def test_exports_of_nanos_form_are_nano(tmp_path: Path) -> None:
    assert choice.exported("nano") == NANO
    assert choice.exported(tmp_path) is None
    for name in ("manifest.json", "perception.onnx"):
        shutil.copy(NANO / name, tmp_path)
    assert choice.exported(tmp_path) == choice.exported(str(tmp_path)) == tmp_path
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    (tmp_path / "manifest.json").write_text(json.dumps({**manifest, "name": "mine"}))
    assert Assessor(model=tmp_path, threads=1).name == "mine"


def test_addresses_are_served_models(chat_server: ChatServer) -> None:
    backend = choice.open_seeing(f"{chat_server.url}#lmm")
    assert isinstance(backend, ChatBackend)
    assert backend.name == "lmm"


@pytest.mark.parametrize("name", ["gpt", "a/b/c", "/no/where", "./no", ""])
def test_other_names_are_told_what_names_are_like(name: str) -> None:
    with pytest.raises(ModelError, match=r"expected nano, a folder .*URL#NAME"):
        choice.open_seeing(name)


def test_checkpoints_go_to_the_torch_backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[tuple[str, int]] = []

    def open_torch(path: str, *, bits: int) -> FakeSpeaker:
        opened.append((path, bits))
        return FakeSpeaker()

    module = ModuleType("quibble.backends.torch")
    module.__dict__["open_torch"] = open_torch
    module.__spec__ = importlib.util.spec_from_loader(module.__name__, None)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    assert isinstance(choice.open_seeing(tmp_path), FakeSpeaker)
    monkeypatch.setenv("QUIBBLE_MODEL_BITS", "4")
    choice.open_seeing("llava-hf/llava-1.5-7b-hf")
    assert opened == [(str(tmp_path), 16), ("llava-hf/llava-1.5-7b-hf", 4)]
    monkeypatch.setenv("QUIBBLE_MODEL_BITS", "2")
    with pytest.raises(ArgumentError, match="16, 8 or 4, found '2'"):
        choice.open_seeing(tmp_path)


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "util", lacking("transformers"))
    with pytest.raises(MissingExtraError, match=r"'transformers'.*quibble\[train\]"):
        choice.open_seeing("llava-hf/llava-1.5-7b-hf")


def test_the_list(chat_server: ChatServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    for name, config in {"llava-hf/llava--x": '{"vision_config": {}}', "org/text": "{}", "org/broken": "{"}.items():
        folder = tmp_path / f"models--{name.replace('/', '--')}" / "snapshots" / "abc"
        folder.mkdir(parents=True)
        (folder / "config.json").write_text(config)
    chat_server.served = ["qwen", "llava"]
    monkeypatch.setattr(choice, "util", lacking("torch", "openai"))
    found = {model.model: model for model in choice.known(chat_server.url)}
    assert list(found) == [
        "nano",
        "llava-hf/llava--x",
        "FOLDER or HUB_ID",
        f"{chat_server.url}#llava",
        f"{chat_server.url}#qwen",
        "URL#NAME",
    ]
    assert found["URL#NAME"].missing == "pip install 'quibble[chat]'"
    assert found["llava-hf/llava--x"].missing == "pip install 'quibble[train]'"
    assert Ability.ASSESS in found["nano"].abilities
    assert Ability.ASSESS not in found["URL#NAME"].abilities
    assert found["URL#NAME"].to_dict()["abilities"][:3] == ["score", "describe", "ask"]
    chat_server.served = None
    with pytest.raises(EndpointError, match="did not say which models"):
        choice.known(chat_server.url)


def test_nano_without_language_weights_gives_no_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(NANO / "manifest.json", tmp_path)
    monkeypatch.setattr(choice, "NANO", tmp_path)
    nano = choice.known()[0]
    assert "no words" in nano.about
    assert nano.abilities == {Ability.SCORE, Ability.ASSESS, Ability.RANK}
    (tmp_path / "language").mkdir()
    (tmp_path / "language" / "manifest.json").touch()
    assert choice.known()[0].abilities == frozenset(Ability)

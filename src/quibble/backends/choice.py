"""From the name of a model to what runs it: nano, a folder, an id of the hub, or a served model's URL#NAME."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import import_module, util
from pathlib import Path
from typing import Any, Final

from quibble.backends.base import ABILITIES, Ability, SeeingBackend
from quibble.backends.weights import NANO, read_manifest
from quibble.errors import ArgumentError, MissingExtraError, ModelError

# What talks to servers is imported where one is asked for: every start of the command line would wait for it.
_EXPECTED: Final = "nano, a folder with a model, an id of the hub such as llava-hf/llava-1.5-7b-hf, or URL#NAME"
_TORCH: Final = "quibble.backends.torch"
_KINDS: Final = {
    "torch": {"model": "FOLDER or HUB_ID", "about": "a checkpoint, run here"},
    "chat": {"model": "URL#NAME", "about": "a model on any OpenAI-compatible server"},
}
#: kind -> the extra, and the packages that it must bring
_NEEDED: Final = {"torch": ("train", ("torch", "transformers")), "chat": ("chat", ("openai",))}
#: What nano can do without a word.
_WORDLESS: Final = frozenset({Ability.SCORE, Ability.ASSESS, Ability.RANK})


@dataclass(frozen=True, kw_only=True)
class Known:
    """A model, or a way to name models, in a list. missing: what has to be installed first, or ""."""

    model: str
    about: str
    abilities: frozenset[Ability]
    missing: str = ""

    def to_dict(self) -> dict[str, Any]:
        abilities = [ability.value for ability in Ability if ability in self.abilities]
        return {"model": self.model, "about": self.about, "abilities": abilities, "missing": self.missing or None}


def known(url: str | None = None) -> list[Known]:
    """What there is: nano, checkpoints in the hub's cache, the other ways to name a model, and those served at a URL.

    Raises EndpointError if the URL does not say what it serves.
    """
    manifest = read_manifest(NANO, ())
    words = (NANO / "language" / "manifest.json").is_file()
    about = f"{manifest['name']}, in this package" + ("" if words else "; without language weights it gives no words")
    models = [Known(model="nano", about=about, abilities=ABILITIES["nano"] if words else _WORDLESS)]
    torch, chat = (Known(**_KINDS[kind], abilities=ABILITIES[kind], missing=_missing(kind)) for kind in _KINDS)
    models += [replace(torch, model=name, about="in the hub's cache") for name in _cached()]
    models.append(torch)
    if url is not None:
        from quibble.endpoint import served

        key = os.environ.get("QUIBBLE_MODEL_KEY")
        models += [replace(chat, model=f"{url}#{name}", about="served there") for name in served(url, key=key)]
    return [*models, chat]


def _missing(kind: str) -> str:
    for package in _NEEDED[kind][1]:
        if util.find_spec(package) is None:
            return f"pip install 'quibble[{_NEEDED[kind][0]}]'"
    return ""


def _cached() -> list[str]:
    """Ids of multi-modal checkpoints in the cache of Hugging Face's hub."""
    home = os.environ.get("HF_HOME", os.path.expanduser("~/.cache/huggingface"))
    cache = Path(os.environ.get("HF_HUB_CACHE", os.path.join(home, "hub")))
    found = set()
    for config in cache.glob("models--*--*/snapshots/*/config.json"):
        with suppress(OSError, ValueError):
            if "vision_config" in json.loads(config.read_text(encoding="utf-8")):
                found.add(config.parts[-4].removeprefix("models--").replace("--", "/", 1))
    return sorted(found)


def exported(model: str | os.PathLike[str]) -> Path | None:
    """The folder of a model that was exported as nano is, if it is one."""
    if model == "nano":
        return NANO
    return Path(model) if Path(model, "manifest.json").is_file() else None


def open_seeing(model: str | os.PathLike[str]) -> SeeingBackend:
    """A model that sees for itself: on a server, in a folder or on the hub.

    Raises ModelError if there is none of that name, MissingExtraError if what runs it is not installed.
    """
    name = os.fspath(model)
    if "://" in name:
        from quibble.backends.chat import ChatBackend

        return ChatBackend.open(name)
    if not name or (not Path(name).is_dir() and (name.count("/") != 1 or name.startswith(("/", ".")))):
        raise ModelError(f"there is no model {name!r}; expected {_EXPECTED}")
    extra, packages = _NEEDED["torch"]
    for package in packages:
        if util.find_spec(package) is None:
            raise MissingExtraError(package, extra)
    backend: SeeingBackend = import_module(_TORCH).open_torch(name, bits=_bits())
    return backend


def _bits() -> int:
    """Bits of a checkpoint's weights, by the environment: 16, or 8 or 4 to save memory."""
    text = os.environ.get("QUIBBLE_MODEL_BITS", "16")
    if text not in ("4", "8", "16"):
        raise ArgumentError(f"QUIBBLE_MODEL_BITS is 16, 8 or 4, found {text!r}")
    return int(text)

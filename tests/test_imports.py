"""Who may import whom, and that importing quibble stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import quibble

SOURCE = Path(quibble.__file__).parent
PARTS = {path.stem for path in SOURCE.iterdir()} - {"__init__"}
CORE = {"errors", "taxonomy", "degradation", "geometry", "results", "image", "filetype", "_version"}

#: part of the package → the parts that it may import beside itself
ALLOWED = {
    "__init__": CORE | {"assessor", "backends", "chat", "look"},
    "_version": set[str](),
    "errors": set[str](),
    "taxonomy": {"errors"},
    "filetype": {"errors"},
    "geometry": {"errors", "taxonomy"},
    "degradation": {"errors", "taxonomy"},
    "results": {"errors", "taxonomy", "geometry"},
    "image": {"errors", "filetype"},
    "preprocess": CORE,
    "views": CORE,
    "draw": CORE,
    "endpoint": CORE,
    "text": CORE,
    "tones": set[str](),
    "crew": set[str](),
    "streaks": {"tones"},
    "extremes": {"backends", "taxonomy"},
    "backends": CORE | {"crew", "endpoint", "model", "preprocess", "streaks", "text", "tones", "views"},
    "candidates": CORE,
    "findings": CORE | {"backends", "candidates", "extremes"},
    "look": CORE | {"backends"},
    "painting": CORE | {"backends", "candidates", "findings"},
    "noting": CORE | {"backends", "extremes", "findings", "text"},
    "native": CORE | {"backends", "preprocess"},
    "chat": CORE | {"backends", "text"},
    "pointing": CORE | {"text"},
    "seeing": CORE | {"backends", "text"},
    "assessor": CORE
    | {
        "backends",
        "chat",
        "crew",
        "findings",
        "look",
        "native",
        "noting",
        "painting",
        "pointing",
        "preprocess",
        "seeing",
        "text",
    },
    "distort": CORE,
    "data": CORE | {"draw"},
    "experts": CORE | {"assessor", "data", "endpoint", "text"},
    "pipelines": CORE | {"data", "distort", "experts", "text"},
    "model": (CORE - {"image", "filetype"}) | {"extremes", "streaks", "tones"},
    "train": CORE
    | {
        "assessor",
        "backends",
        "candidates",
        "data",
        "distort",
        "extremes",
        "findings",
        "model",
        "noting",
        "painting",
        "pipelines",
        "preprocess",
        "streaks",
        "text",
        "tones",
        "views",
    },
    "bench": CORE | {"assessor", "backends", "data", "distort", "endpoint", "look", "noting", "pipelines", "text"},
    "annotate": CORE | {"bench", "data", "draw", "experts", "pipelines"},
    "commands": CORE
    | {
        "annotate",
        "assessor",
        "backends",
        "bench",
        "data",
        "distort",
        "draw",
        "endpoint",
        "experts",
        "pipelines",
        "pointing",
        "train",
    },
    "cli": {"_version", "commands", "errors"},
    "__main__": {"cli"},
}

#: package of somebody else → the parts that may import it
OUTSIDE = {
    "click": {"cli", "commands"},
    "rich": {"commands"},
    "numpy": set(ALLOWED) - {"cli", "errors", "taxonomy"},
    "PIL": {
        "annotate",
        "bench",
        "endpoint",
        "image",
        "draw",
        "distort",
        "data",
        "experts",
        "findings",
        "noting",
        "painting",
        "pipelines",
        "preprocess",
        "tones",
        "train",
        "views",
    },
    "cv2": {"distort", "data", "experts", "pipelines", "train"},
    "pillow_heif": {"filetype"},
    "pyarrow": {"bench", "data"},
    "scipy": {"bench", "distort", "data", "pipelines", "train"},
    "skimage": {"bench", "experts"},
    "sentence_transformers": {"bench"},
    "onnxruntime": {"backends"},
    "piq": {"bench"},
    "onnx": {"train"},
    "accelerate": {"train"},
    "openai": {"endpoint"},
    "peft": {"model"},
    "safetensors": {"model", "train"},
    "tokenizers": {"text"},
    "torch": {"backends", "bench", "experts", "model", "train"},
    "transformers": {"backends", "experts", "model"},
}

#: The networks are pure: no disk, no network, no tokenizer. Only what loads and saves them is not.
STORED = "stored.py"
NEVER_IN_MODEL = {"io", "os", "pathlib", "shutil", "socket", "tokenizers", "urllib"}


def imports(path: Path) -> Iterator[str]:
    """Names of all modules that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            assert node.module is not None
            if node.module == "quibble":
                yield from (f"quibble.{alias.name}" for alias in node.names)
            yield node.module


def part_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_only_what_its_part_may(path: Path) -> None:
    part = part_of(path)
    assert part in ALLOWED, f"{part} is new: say in this test what it may import"
    for name in imports(path):
        top, _, rest = name.partition(".")
        if top == "quibble":
            imported = rest.partition(".")[0]
            if imported not in PARTS - {part}:
                continue
            assert imported in ALLOWED[part], f"{path.name} imports quibble.{imported}"
        elif part == "model" and path.name != STORED:
            assert top not in NEVER_IN_MODEL, f"{path.name} imports {top}"
        if top not in {"quibble", *sys.stdlib_module_names}:
            assert part in OUTSIDE.get(top, set()), f"{path.name} imports {top}"


def test_the_core_imports_nothing_that_imports_it() -> None:
    for part, allowed in ALLOWED.items():
        for other in allowed:
            assert part not in ALLOWED[other] or part == other or "__init__" in (part, other), f"{part} ⇄ {other}"


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_importing_quibble_loads_nothing_heavy_and_is_quick() -> None:
    heavy = {"cv2", "numpy", "onnxruntime", "pyarrow", "scipy", "skimage", "tokenizers", "torch", "transformers"}
    loaded = run(f"import sys, quibble; print(*({heavy!r} & set(sys.modules)))")
    assert loaded == ""
    timed = "import time; start = time.perf_counter(); import quibble; print(time.perf_counter() - start)"
    assert min(float(run(timed)) for _ in range(5)) < 0.15


@pytest.mark.parametrize("module", ["degradation", "draw", "geometry", "image", "results", "taxonomy"])
def test_the_core_loads_only_numpy_and_pillow(module: str) -> None:
    heavy = set(OUTSIDE) - {"numpy", "PIL"}
    assert run(f"import sys, quibble.{module}; print(*({heavy!r} & set(sys.modules)))") == ""


#: what the extras add, and the parts of the package that cannot be imported without it: package → (part, extra)
NEEDED = {"cv2": ("distort", "data")}


@pytest.mark.parametrize("package", NEEDED)
def test_a_missing_package_is_named_with_its_extra(package: str) -> None:
    part, extra = NEEDED[package]
    code = (
        f"import sys\nsys.modules[{package!r}] = None\n"
        "from quibble.errors import MissingExtraError\n"
        f"try: import quibble.{part}\n"
        "except MissingExtraError as error: print(error.extra, '|', error)"
    )
    assert run(code).startswith(f"{extra} | this needs the package")


def test_help_loads_no_command() -> None:
    code = (
        "import sys, quibble.cli\n"
        "try: quibble.cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "print('loaded:', *(name for name in sys.modules if name.startswith(('quibble.commands.', 'rich', 'numpy'))))"
    )
    assert run(code).splitlines()[-1] == "loaded:"


def test_judging_pictures_loads_nothing_that_only_answers_or_servers_need() -> None:
    others = {"asyncio", "openai", "quibble.backends.chat", "scipy", "cv2", "tokenizers", "torch", "transformers"}
    assert run(f"import sys, quibble.assessor; print(*({others!r} & set(sys.modules)))") == ""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

import quibble

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "quibble"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel of the working tree, built with what is installed."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def text_of(wheel: zipfile.ZipFile, name: str) -> bytes:
    (path,) = (path for path in wheel.namelist() if path.endswith(f".dist-info/{name}"))
    return wheel.read(path)


def test_holds_every_file_of_the_package_and_no_other(wheel: zipfile.ZipFile) -> None:
    expected = {
        path.relative_to(SOURCE.parent).as_posix()
        for path in SOURCE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in wheel.namelist() if ".dist-info/" not in name} == expected
    assert "quibble/py.typed" in expected


def test_its_metadata(wheel: zipfile.ZipFile) -> None:
    metadata = message_from_bytes(text_of(wheel, "METADATA"))
    assert (metadata["Name"], metadata["Version"]) == ("quibble", quibble.__version__)
    assert metadata["License-Expression"] == "Apache-2.0"
    base = [line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line]
    names = {line.split(">")[0] for line in base}
    assert names == {"click", "numpy", "onnxruntime", "pillow", "rich", "tokenizers"}
    assert b"quibble = quibble.cli:main" in text_of(wheel, "entry_points.txt")
    assert b"Apache License" in text_of(wheel, "licenses/LICENSE")


def test_it_runs(wheel: zipfile.ZipFile) -> None:
    code = "import quibble, quibble.cli; print(quibble.__file__); quibble.cli.main(['--version'], prog_name='quibble')"
    environment = {**os.environ, "PYTHONPATH": str(wheel.filename)}
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment)
    assert done.stdout.splitlines() == [f"{wheel.filename}/quibble/__init__.py", f"quibble {quibble.__version__}"]

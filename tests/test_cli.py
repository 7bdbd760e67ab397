from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner, Result
from skimage.data import coffee

import quibble
from quibble.cli import COMMANDS, main
from quibble.data import Record, read_jsonl, stats, write_jsonl
from quibble.distort import Sequence, apply_all, distort, regional
from quibble.geometry import Box, Mask
from quibble.image import ImageArray, load, save
from quibble.taxonomy import Distortion

HELP = """\
Usage: quibble [OPTIONS] COMMAND [ARGS]...

  What is wrong with a picture, where, and how badly.

  Every command has a --help with examples. Results go to stdout, progress and
  errors to stderr. Exit codes: 0 fine, 1 problems were found, 2 something to
  correct in what was asked.

Options:
  --version   Show the version and exit.
  -h, --help  Show this message and exit.

Commands:
  assess      Tell what is wrong with photographs (the default command).
  describe    Describe the quality of a photograph in words.
  ask         Answer a question on a photograph.
  chat        Talk about a photograph.
  refer       Name what is wrong with a region.
  ground      Find the regions that a question asks for.
  compare     Say which of two photographs is better, and why.
  rank        Sort photographs by quality.
  models      List the models to choose from, and what each can do.
  distort     Distort a photograph, whole or in regions.
  data        Build, check, look at and convert data sets.
  annotate    Have people annotate pictures on Label Studio.
  bench       Measure models on benchmarks, beside the papers' figures.
  train       Train a model by a recipe.
  completion  Print the script that completes commands in a shell.

  Examples:
    quibble photo.jpg
    quibble photo.jpg --draw found.png
    quibble *.jpg --json
    quibble describe photo.jpg
    quibble ask photo.jpg "Is it blurry?"
    quibble compare a.jpg b.jpg
    quibble distort photo.jpg --apply blur.gaussian:3 -o blurred.png
    quibble data build octopus photos/ out/ --records 1000
    quibble data show out/
"""


@pytest.fixture
def picture() -> ImageArray:
    """A gradient with texture, 96 x 64."""
    y, x = np.mgrid[:64, :96]
    grey = np.random.default_rng(0).integers(0, 60, (64, 96))
    return np.stack([x * 2 + grey // 2, y * 3 + grey // 3, 200 - x + grey], axis=2).clip(0, 255).astype(np.uint8)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, picture: ImageArray) -> Path:
    """A working directory with photo.png in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    save(picture, "photo.png")
    return tmp_path


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one of scikit-image's photographs."""
    path = tmp_path_factory.mktemp("photos")
    save(coffee(), path / "coffee.png")
    return path


def run(*args: str) -> Result:
    return CliRunner().invoke(main, args)


def fails(*args: str, line: str) -> None:
    """The command exits with 2, says exactly this line on stderr and nothing on stdout."""
    result = run(*args)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"{line}\n")


def quibble_process(*args: str, **options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "quibble.cli", *args]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **options}, check=False)


def all_commands(command: click.Command = main, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(command, click.Group):
        return [path]
    context = click.Context(command)
    found = [path]
    for name in command.list_commands(context):
        child = command.get_command(context, name)
        assert child is not None
        found += all_commands(child, (*path, name))
    return found


class TestRoot:
    def test_help(self) -> None:
        assert run("--help").output == HELP
        assert run("-h").output == HELP

    def test_version(self) -> None:
        assert run("--version").output == f"quibble {quibble.__version__}\n"

    def test_without_arguments_it_shows_its_help_and_fails(self) -> None:
        result = run()
        assert (result.exit_code, result.stdout, result.stderr) == (2, "", HELP)

    @pytest.mark.parametrize("path", all_commands(), ids=" ".join)
    def test_every_help_has_examples(self, path: tuple[str, ...]) -> None:
        result = run(*path, "--help")
        assert result.exit_code == 0
        assert "Examples:\n    quibble " in result.stdout
        assert max(map(len, result.stdout.splitlines())) <= 110

    def test_unknown_command(self) -> None:
        fails(
            "distrt",
            line="quibble: there is no command and no file 'distrt'; did you mean distort? (quibble --help shows how)",
        )

    def test_unknown_option(self) -> None:
        # click words this differently from version to version.
        result = run("--nonsense")
        assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (2, "", 1)
        assert "--nonsense" in result.stderr
        assert result.stderr.endswith("(quibble assess --help shows how)\n")


class TestErrors:
    """Through a command whose work is replaced by the error."""

    ARGS = ("distort", "photo.png", "--apply", "blur.gaussian", "-o", "out.png")

    def raising(self, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> Result:
        def load(path: object) -> None:
            raise error

        monkeypatch.setattr("quibble.commands.distort.load", load)
        return run(*self.ARGS)

    def test_ours_are_one_line(self, monkeypatch: pytest.MonkeyPatch) -> None:
        result = self.raising(monkeypatch, quibble.QuibbleError("two\n  lines"))
        assert (result.exit_code, result.stdout, result.stderr) == (2, "", "quibble: two lines\n")

    def test_a_path_of_the_system_is_one_line(self, monkeypatch: pytest.MonkeyPatch) -> None:
        result = self.raising(monkeypatch, PermissionError(13, "Permission denied", "there/photo.png"))
        assert (result.exit_code, result.stderr) == (2, "quibble: there/photo.png: Permission denied\n")

    def test_an_interrupt_has_its_code_and_no_traceback(self, monkeypatch: pytest.MonkeyPatch) -> None:
        result = self.raising(monkeypatch, KeyboardInterrupt())
        assert (result.exit_code, result.output.strip()) == (130, "")

    @pytest.mark.parametrize("error", [ValueError("a bug"), OSError("no path")], ids=repr)
    def test_a_bug_keeps_its_traceback(self, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
        assert self.raising(monkeypatch, error).exception is error

    def test_outside_of_standalone_mode_errors_come_out(self) -> None:
        with pytest.raises(quibble.QuibbleError):
            main.main(["distort", "none.png", "--apply", "blur.gaussian", "-o", "out.png"], standalone_mode=False)


class TestDistort:
    def test_whole_picture(self, picture: ImageArray) -> None:
        result = run("distort", "photo.png", "--apply", "blur.gaussian:2.5", "-o", "out.png")
        assert (result.exit_code, result.output) == (0, "out.png: blur.gaussian:2.5 on the whole picture\n")
        assert (load("out.png") == distort(picture, "blur.gaussian", level=2.5)).all()

    def test_the_steps_follow_their_order_and_the_seed(self, picture: ImageArray) -> None:
        steps = ("noise.impulse:3", "pixelate.box")
        args = ("distort", "photo.png", "--apply", steps[0], "--apply", steps[1], "-o", "out.png", "--seed", "7")
        assert run(*args).output == "out.png: noise.impulse:3 pixelate.box on the whole picture\n"
        assert (load("out.png") == Sequence.parse(*steps).apply(picture, seed=7)).all()
        assert (load("out.png") != Sequence.parse(*reversed(steps)).apply(picture, seed=7)).any()

    def test_regions_and_masks(self, picture: ImageArray) -> None:
        white = np.zeros_like(picture)
        white[40:60, 50:90] = 255
        save(white, "mask.png")
        args = ("--region", "0,0,20,10", "--mask", "mask.png", "--feather", "2", "--seed", "3")
        result = run("distort", "photo.png", "--apply", "noise.poisson:4", *args, "-o", "out.png")
        assert result.output == "out.png: noise.poisson:4 on 2 regions, 16.3% of the picture\n"
        box = Mask.from_box(Box.from_xywh(0, 0, 20, 10), width=96, height=64)
        plan = Sequence.parse("noise.poisson:4")
        expected = regional(picture, [box, white[..., 0] > 0], [plan, plan], seed=3, feather_px=2)
        assert (load("out.png") == expected.image).all()

    def test_one_region_is_named_in_the_singular(self) -> None:
        result = run("distort", "photo.png", "--apply", "darken.shift_rgb:1", "--region", "0,0,96,32", "-o", "out.png")
        assert result.output == "out.png: darken.shift_rgb:1 on 1 region, 50.0% of the picture\n"

    @pytest.mark.parametrize("region", [("--region", "8,8,32,16"), ()], ids=["region", "whole"])
    def test_the_record_makes_the_picture_again(self, picture: ImageArray, region: tuple[str, ...]) -> None:
        args = ("--apply", "blur.motion:4", "--apply", "noise.poisson:2", *region, "--record", "set/records.jsonl")
        assert run("distort", "photo.png", *args, "-o", "set/images/a.png").exit_code == 2
        Path("set/images").mkdir(parents=True)
        assert run("distort", "photo.png", *args, "-o", "set/images/a.png").exit_code == 0
        record = Record.from_dict(json.loads(Path("set/records.jsonl").read_text()))
        assert (record.id, record.source, record.images[0].file) == ("a", "photo.png", "images/a.png")
        part = record.regions[0]
        if part.mask is None:
            again = apply_all(picture, part.degradations)
        else:
            again = regional(picture, [part.mask], [part.degradations]).image
        assert (again == load("set/images/a.png")).all()

    def test_sheet(self) -> None:
        assert (
            run("distort", "photo.png", "--sheet", "-o", "sheet.png").output
            == "sheet.png: 35 distortions at 5 levels\n"
        )
        assert load("sheet.png").shape[0] > 35 * 64

    def test_list(self) -> None:
        lines = run("distort", "--list").stdout.splitlines()
        assert lines[:3] == [
            "distortion                      parameters at levels 1 to 5",
            "blur",
            "  blur.gaussian                 sigma_px 1 2 3 4 5",
        ]
        assert "compression (compression artifacts)" in lines
        assert "  blur.motion                   radius_px 5 10 15 15 20; sigma_px 3 5 7 9 12" in lines
        assert [line.split()[0] for line in lines if line.startswith("  ")] == [d.value for d in Distortion]

    @pytest.mark.parametrize(
        ("args", "line"),
        [
            (
                ("--apply", "blur.gausian:3"),
                "quibble: no distortion is called 'blur.gausian'; did you mean blur.gaussian, blur.glass, blur.motion?",
            ),
            (("--apply", "blur.gaussian:6"), "quibble: a level lies in 1..5, found 6.0"),
            (
                ("--apply", "blur.gaussian:x"),
                "quibble: a step is written like blur.gaussian:3, found 'blur.gaussian:x'",
            ),
            (
                ("--apply", "blur.lens", "--region", "90,0,10,10"),
                "quibble: region 90,0,10,10 leaves the picture, which is 96 x 64",
            ),
            (
                ("--apply", "blur.lens", "--region", "90,0,10"),
                "quibble distort: Invalid value for '--region': expected whole pixels x,y,w,h such as 40,60,200,120, "
                "found '90,0,10' (quibble distort --help shows how)",
            ),
            (
                ("--apply", "blur.lens", "--region", "9,9,0,4"),
                "quibble distort: Invalid value for '--region': expected at least 1 pixel of width and height, "
                "found '9,9,0,4' (quibble distort --help shows how)",
            ),
            (
                ("--apply", "blur.lens", "--region", "0,0,9,9", "--region", "8,8,9,9"),
                "quibble: mask 1 shares 1 pixels with an earlier one; regions must not overlap",
            ),
            (
                ("--apply", "blur.lens", "--mask", "small.png"),
                "quibble: mask small.png is 4 x 2, but the picture is 96 x 64; make it the same size",
            ),
            (
                ("--apply", "blur.lens", "--mask", "black.png"),
                "quibble: mask black.png has no pixel of 128 or more; draw the region in white on black",
            ),
            (
                ("--apply", "blur.lens", "--feather", "3"),
                "quibble distort: --feather needs a --region or a --mask to fade into "
                "(quibble distort --help shows how)",
            ),
            (
                (),
                "quibble distort: give the distortions with --apply, or --sheet to see them all "
                "(quibble distort --help shows how)",
            ),
            (
                ("--sheet", "--region", "0,0,9,9"),
                "quibble distort: --region does not go with --sheet (quibble distort --help shows how)",
            ),
            (
                ("--apply", "blur.lens", "--record", "elsewhere/a.json"),
                "quibble distort: a record names its picture by a path below its own folder: put out.png there "
                "(quibble distort --help shows how)",
            ),
        ],
        ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
    )
    def test_mistakes(self, args: tuple[str, ...], line: str) -> None:
        save(np.zeros((2, 4, 3), np.uint8), "small.png")
        save(np.zeros((64, 96, 3), np.uint8), "black.png")
        fails("distort", "photo.png", *args, "-o", "out.png", line=line)
        assert not Path("out.png").exists()

    def test_the_photograph_is_never_replaced(self) -> None:
        before = Path("photo.png").read_bytes()
        fails(
            *("distort", "photo.png", "--apply", "blur.lens", "-o", "./photo.png"),
            line="quibble distort: photo.png is the photograph itself; write to another file "
            "(quibble distort --help shows how)",
        )
        assert Path("photo.png").read_bytes() == before


class TestData:
    @pytest.fixture(autouse=True)
    def dataset(self, folder: Path) -> None:
        """set/: two records about one picture with one region."""
        Path("set/images").mkdir(parents=True)
        args = ("--apply", "blur.lens:4", "--region", "8,8,32,16", "-o", "set/images/a.png")
        assert run("distort", "photo.png", *args, "--record", "set/plain.json").exit_code == 0
        plain = json.loads(Path("set/plain.json").read_text())
        Path("set/plain.json").unlink()
        turns = [{"question": "What is wrong?", "answer": "The top left is out of focus.", "regions": [0]}]
        records = [Record.from_dict(plain | {"id": name, "task": "local", "turns": turns}) for name in ("a", "b")]
        write_jsonl(records, "set/records.jsonl")

    def test_check_of_a_sound_set(self) -> None:
        result = run("data", "check", "set")
        assert (result.exit_code, result.stdout, result.stderr) == (0, "set: no problems\n", "")
        assert run("data", "check", "set", "--json").stdout == "[]\n"

    def test_check_reports_every_problem(self) -> None:
        lines = Path("set/records.jsonl").read_text().splitlines()
        lines += [lines[0].replace('"task": "local", ', ""), "{"]
        Path("set/records.jsonl").write_text("\n".join(lines))
        Path("set/images/a.png").unlink()
        result = run("data", "check", "set")
        assert (result.exit_code, result.stderr) == (1, "")
        *problems, summary = result.stdout.splitlines()
        assert summary == "set: 4 problems"
        assert problems[0] == "set/records.jsonl:1, field 'images[0].file': 'images/a.png' is missing"
        assert [problem.partition(":")[2].partition(":")[0] for problem in problems] == [
            "1, field 'images[0].file'",
            "2, field 'images[0].file'",
            "3, field 'task'",
            "4",
        ]
        found = run("data", "check", "set", "--json")
        assert found.exit_code == 1
        assert json.loads(found.stdout)[0] == {
            "file": "set/records.jsonl",
            "line": 1,
            "field": "images[0].file",
            "reason": "'images/a.png' is missing",
        }

    def test_stats(self) -> None:
        text = run("data", "stats", "set").stdout
        assert text.splitlines()[0] == "2 records, 1 picture of 1 source, 2 regions, 2 turns"
        assert text == stats("set").to_text() + "\n"
        assert json.loads(run("data", "stats", "set", "--json").stdout)["tasks"] == {"local": 2}

    @pytest.mark.parametrize(
        ("form", "target"),
        [
            ("jsonl", "out"),
            ("parquet", "out"),
            ("llava", "out/a.json"),
            ("swift", "out/a.jsonl"),
            ("depictqa", "out/a.json"),
            ("coco", "out/a.json"),
        ],
    )
    def test_convert_and_back(self, form: str, target: str) -> None:
        result = run("data", "convert", "set", target, "--to", form)
        assert (result.exit_code, result.stdout, result.stderr) == (0, f"{target}: 2 records\n", "")
        assert run("data", "convert", target, "back", "--to", "jsonl").exit_code == 0
        assert list(read_jsonl("back/records.jsonl")) == list(read_jsonl("set/records.jsonl"))
        assert Path("back/images/a.png").read_bytes() == Path("set/images/a.png").read_bytes()

    def test_show(self) -> None:
        result = run("data", "show", "set")
        assert (result.exit_code, result.stdout, result.stderr) == (0, "set/sheet.html\n", "")
        page = Path("set/sheet.html").read_text()
        assert page.count("The top left is out of focus.") == 2
        assert run("data", "show", "set", "--limit", "1", "-o", "look.html").stdout == "look.html\n"
        assert Path("look.html").read_text().count("The top left is out of focus.") == 1

    @pytest.mark.parametrize("command", ["check", "show", "stats"])
    def test_a_folder_without_a_data_set(self, command: str) -> None:
        Path("empty").mkdir()
        fails(
            *("data", command, "empty"),
            line="quibble: empty should hold records.jsonl, records-*.jsonl or *.parquet; found none of them",
        )
        fails(
            *("data", command, "nowhere"),
            line="quibble: expected the folder of a data set, found nothing at nowhere",
        )

    def test_an_unknown_format(self) -> None:
        fails(
            *("data", "convert", "set", "out", "--to", "llama"),
            line="quibble data convert: Invalid value for '--to': 'llama' is not one of 'jsonl', 'parquet', 'llava', "
            "'swift', 'depictqa', 'coco'. (quibble data convert --help shows how)",
        )


class TestBuild:
    def test_builds_prints_its_statistics_and_goes_on(self, photos: Path) -> None:
        args = ("data", "build", "octopus", str(photos), "out", "--records", "4", "--long-side", "256")
        result = run(*args)
        assert (result.exit_code, result.stderr) == (0, "")
        assert result.stdout.startswith(stats("out").to_text() + "\n\ndrafts that did not do\n")
        assert run("data", "check", "out").stdout == "out: no problems\n"
        assert run(*args).stdout == result.stdout
        found = json.loads(run(*args, "--json").stdout)
        assert found["stats"] == json.loads(json.dumps(stats("out").to_dict()))
        assert sum(found["rejects"].values()) > 0

    def test_a_mix_takes_these_tasks_only(self, photos: Path) -> None:
        args = ("--records", "3", "--mix", "local_description=2", "--mix", "referring_long=1")
        assert run("data", "build", "octopus", str(photos), "out", *args).exit_code == 0
        assert set(stats("out").tasks) <= {"local_description", "referring_long"}

    def test_mistakes(self, photos: Path) -> None:
        Path("empty").mkdir()
        build = ("data", "build", "octopus")
        result = run(*build, "empty", "out", "--records", "3")
        assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
        fails(
            *(*build, str(photos), "out", "--records", "3", "--mix", "hyd=1"),
            line="quibble data build octopus: there is no task 'hyd'; --mix takes global_description, "
            "local_description, grounding_hyd, grounding_sid, grounding_dao, referring_short, referring_long "
            "(quibble data build octopus --help shows how)",
        )
        fails(
            *(*build, str(photos), "out", "--records", "3", "--mix", "hyd"),
            line="quibble data build octopus: Invalid value for '--mix': expected TASK=SHARE such as grounding_hyd=2, "
            "found 'hyd' (quibble data build octopus --help shows how)",
        )

    @pytest.mark.slow
    def test_an_interrupted_build_is_quiet_and_can_go_on(self, photos: Path) -> None:
        args = ("data", "build", "octopus", str(photos), "out", "--records", "100000", "--workers", "2")
        command = [sys.executable, "-m", "quibble.cli", *args]
        with subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True) as process:
            deadline = time.monotonic() + 30
            while not any(Path("out").glob("images/*/*")) and time.monotonic() < deadline:
                time.sleep(0.05)
            # As a terminal's Ctrl-C, which reaches the workers too.
            os.killpg(process.pid, signal.SIGINT)
            assert process.stderr is not None
            assert process.stderr.read().strip() == b""
        assert process.returncode == 130


class TestProcess:
    """What only a process shows: exit codes, streams, completion."""

    def test_success_says_nothing_on_stderr(self) -> None:
        done = quibble_process("distort", "photo.png", "--apply", "blur.lens", "-o", "out.png")
        assert (done.returncode, done.stdout, done.stderr) == (0, "out.png: blur.lens on the whole picture\n", "")

    def test_a_mistake_is_two(self) -> None:
        done = quibble_process("distort", "none.png", "--apply", "blur.lens", "-o", "out.png")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("quibble: none.png: there is no such file")
        assert len(done.stderr.splitlines()) == 1

    def test_a_closed_pipe_is_quiet(self) -> None:
        command = [sys.executable, "-m", "quibble.cli", "distort", "--list"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.close()
            assert process.stderr.read() == b""
        assert process.returncode == 141

    @pytest.mark.parametrize(("shell", "mark"), [("zsh", "#compdef quibble"), ("fish", "function _quibble_completion")])
    def test_completion_script(self, shell: str, mark: str) -> None:
        done = quibble_process("completion", shell)
        assert (done.returncode, done.stderr) == (0, "")
        assert mark in done.stdout
        assert "_QUIBBLE_COMPLETE" in done.stdout

    def test_completes_commands_and_distortions(self) -> None:
        words = {"COMP_WORDS": "quibble ", "COMP_CWORD": "1", "_QUIBBLE_COMPLETE": "bash_complete"}
        done = quibble_process(**words)
        assert done.stdout.split() == [f"plain,{name}" for name in COMMANDS]
        words |= {"COMP_WORDS": "quibble distort photo.png --apply noise.gauss", "COMP_CWORD": "4"}
        done = quibble_process(**words)
        assert done.stdout.split() == ["plain,noise.gaussian_rgb", "plain,noise.gaussian_ycrcb"]

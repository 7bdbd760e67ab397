import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from quibble.errors import RecipeError
from quibble.train.batches import Share
from quibble.train.checkpoint import load_weights, save_weights
from quibble.train.loop import Trainer
from quibble.train.optim import learning_rate
from quibble.train.recipe import Optim, Recipe, from_dict
from quibble.train.sources import OpinionSource


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Twelve pictures of soft shapes, label maps for half of them, and scores."""
    rng = np.random.default_rng(0)
    (tmp_path / "img").mkdir()
    (tmp_path / "mask").mkdir()
    rated = []
    for i in range(12):
        small = Image.fromarray(rng.integers(0, 256, (9, 10, 3), dtype=np.uint8))
        small.resize((100, 90), Image.Resampling.BICUBIC).save(tmp_path / "img" / f"p{i}.png")
        rated.append([f"p{i}.png", i / 12])
        labels = np.repeat(np.arange(3, dtype=np.uint8), 30)[:, None].repeat(100, 1)
        if i % 2:
            Image.fromarray(labels).save(tmp_path / "mask" / f"p{i}.png")
    (tmp_path / "split.json").write_text(json.dumps({"train": rated[:9], "val": rated[9:]}))
    return tmp_path


def recipe(data: Path, **changes: object) -> Recipe:
    return from_dict(
        {
            "name": "tiny",
            "seed": 3,
            "steps": 4,
            "workers": 0,
            "validate_every": 4,
            "model": {
                "vision": {"stem": 4, "widths": [4, 4, 4, 4], "blocks": [1, 0, 0, 0]},
                "decoder_width": 4,
                "opinion_width": 8,
            },
            "dense": {
                "photos": [str(data / "img")],
                "masks": str(data / "mask"),
                "held_out": 40,
                "crop": 64,
                "batch": 2,
            },
            "opinion": {
                "split": str(data / "split.json"),
                "folder": str(data / "img"),
                "batch": 4,
                "epochs": 3,
                "clean_from": 2.0,
            },
            "optim": {"warmup_steps": 2},
            **changes,
        }
    )


def weights(folder: Path) -> dict[str, torch.Tensor]:
    state = torch.load(folder / "last.pt", weights_only=True)
    return {**state["model"], **{f"average.{k}": v for k, v in state["average"].items()}}


def test_a_resumed_run_equals_one_that_never_stopped(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    straight = Trainer(recipe(data), data / "straight")
    straight.train()

    stopped = Trainer(recipe(data), data / "stopped", cache=data / "straight" / "cache")
    step, done = stopped._step, 0

    def stop_after_two(*sources: object) -> dict[str, float]:
        nonlocal done
        if done == 2:
            raise KeyboardInterrupt
        done += 1
        return step(*sources)  # type: ignore[arg-type]

    monkeypatch.setattr(stopped, "_step", stop_after_two)
    monkeypatch.setattr("quibble.train.loop._now", lambda: 1e6 * done)
    with pytest.raises(KeyboardInterrupt):
        stopped.train()
    monkeypatch.undo()
    again = Trainer(recipe(data), data / "stopped", cache=data / "straight" / "cache")
    assert again.run.step == 2
    again.train()

    first, second = weights(data / "straight"), weights(data / "stopped")
    assert first.keys() == second.keys()
    for name, value in first.items():
        assert torch.equal(value, second[name]), name


def test_training_moves_the_weights_and_logs_figures(data: Path) -> None:
    trainer = Trainer(recipe(data), data / "run")
    before = {k: v.clone() for k, v in trainer.run.model.state_dict().items()}
    trainer.train()
    after = weights(data / "run")
    moved = [k for k, v in before.items() if v.is_floating_point() and not torch.equal(v, after[k])]
    assert any(k.startswith("vision.") for k in moved)
    assert not any(k.startswith("opinion.members") for k in moved)
    fitted = {k.removeprefix("average."): v for k, v in after.items() if k.startswith("average.opinion.members")}
    assert fitted
    assert all(not torch.equal(v, before[k]) for k, v in fitted.items())
    lines = [json.loads(line) for line in (data / "run" / "log.jsonl").read_text().splitlines()]
    assert {"val/miou", "val/refer", "val/srcc", "val/severity_srcc"} <= set().union(*lines)


def test_a_checkpoint_of_another_recipe_is_refused(data: Path) -> None:
    Trainer(recipe(data, steps=1), data / "run").train()
    with pytest.raises(RecipeError, match="another seed"):
        Trainer(recipe(data, steps=1, seed=4), data / "run")


def test_training_can_begin_from_weights(data: Path) -> None:
    Trainer(recipe(data, steps=1), data / "one").train()
    two = Trainer(recipe(data, init=str(data / "one" / "last.pt"), seed=9), data / "two")
    for name, value in weights(data / "one").items():
        if name.startswith("average."):
            assert torch.equal(two.run.model.state_dict()[name.removeprefix("average.")], value)


def test_a_deeper_model_begins_as_the_one_it_grows_from(data: Path) -> None:
    Trainer(recipe(data, steps=2), data / "one").train()
    vision = {"stem": 4, "widths": [4, 4, 4, 4], "blocks": [1, 1, 0, 2], "context": 3}
    model = {"vision": vision, "decoder_width": 4, "opinion_width": 8}
    grown = Trainer(recipe(data, init=str(data / "one" / "last.pt"), model=model), data / "grown").run.average
    first = Trainer(recipe(data, init=str(data / "one" / "last.pt")), data / "two").run.average
    assert sum(p.numel() for p in grown.parameters()) > sum(p.numel() for p in first.parameters())
    rgb = torch.rand(1, 3, 96, 64, generator=torch.Generator().manual_seed(0))
    assert torch.equal(grown.look(rgb)[0].categories, first.look(rgb)[0].categories)  # type: ignore[operator]


def test_an_opinion_head_of_another_shape_is_left_out(data: Path) -> None:
    Trainer(recipe(data, steps=1), data / "one").train()
    old, _ = load_weights(data / "one" / "last.pt")
    model = recipe(data).to_dict()["model"] | {"opinion_members": 2, "opinion_width": 4}
    kept = Trainer(recipe(data, init=str(data / "one" / "last.pt")), data / "same").run.model.state_dict()
    own = Trainer(recipe(data, init=str(data / "one" / "last.pt"), model=model), data / "two").run.model.state_dict()
    assert torch.equal(kept["opinion.members.0.0.weight"], old["opinion.members.0.0.weight"])
    assert own["opinion.members.1.0.weight"].shape[0] == 4
    assert torch.equal(own["vision.stem.0.weight"], old["vision.stem.0.weight"])


def test_weights_with_the_names_of_before_are_read(data: Path) -> None:
    Trainer(recipe(data, steps=1), data / "one").train()
    now, made = load_weights(data / "one" / "last.pt")
    before = {name.replace("opinion.members.0.", "opinion.layers."): value for name, value in now.items()}
    assert before.keys() != now.keys()
    save_weights(before, made, data / "before.safetensors")
    again, _ = load_weights(data / "before.safetensors")
    assert again.keys() == now.keys()


def test_weights_of_another_width_are_refused(data: Path) -> None:
    Trainer(recipe(data, steps=1), data / "one").train()
    vision = {"stem": 4, "widths": [4, 4, 4, 8], "blocks": [1, 0, 0, 0]}
    model = {"vision": vision, "decoder_width": 4, "opinion_width": 8}
    with pytest.raises(RecipeError, match=r"blocks may be added, not changed; it was made with model = .*blocks"):
        Trainer(recipe(data, init=str(data / "one" / "last.pt"), model=model), data / "wide")


def test_learning_rate_warms_up_and_ends_low() -> None:
    optim = Optim(lr=1.0, warmup_steps=10, final=0.1)
    rates = [learning_rate(optim, step, 110) for step in range(111)]
    assert rates[0] == 0.1
    assert max(rates) == rates[10] == 1.0
    assert abs(rates[60] - 0.55) < 1e-9
    assert abs(rates[110] - 0.1) < 1e-9


def test_distorted_pictures_are_rated_lower(data: Path) -> None:
    made = recipe(data)
    plain, damaged = (
        OpinionSource(
            dataclasses.replace(made, opinion=dataclasses.replace(made.opinion, distorted=share, copies=1.0)),
            data / "cache",
        )
        for share in (0.0, 1.0)
    )
    lower = 0
    for i in range(9, 18):
        before, after = plain[i], damaged[i]
        assert before.rgb.shape == after.rgb.shape
        assert after.opinion <= before.opinion
        assert not torch.equal(before.rgb, after.rgb)
        lower += int(after.opinion < 0.9 * before.opinion)
    assert lower >= 3


def test_clean_photographs_come_again_as_they_are(data: Path) -> None:
    made = recipe(data)
    once, more = (
        OpinionSource(dataclasses.replace(made, opinion=dataclasses.replace(made.opinion, again=times)), data / "cache")
        for times in (0, 2)
    )
    clean = (len(more) - len(once)) // 2
    assert clean > 0
    further = [more[i] for i in range(len(once), len(more))]
    assert [float(item.opinion) for item in further] == pytest.approx([100 * made.opinion.pristine] * 2 * clean)
    assert all(torch.equal(once[i].rgb, more[i].rgb) for i in range(len(once) - 2 * clean, len(once)))
    first, second = further[:clean], further[clean:]
    assert any(not torch.equal(a.rgb, b.rgb) for a, b in zip(first, second, strict=True))


def test_small_weights_start_a_run_and_say_their_recipe(data: Path) -> None:
    Trainer(recipe(data, steps=1), data / "one").train()
    weights, made = load_weights(data / "one" / "last.pt")
    save_weights(weights, made, data / "small.safetensors")
    again, said = load_weights(data / "small.safetensors")
    assert said == json.loads(json.dumps(made))
    for name, value in weights.items():
        torch.testing.assert_close(again[name], value.float(), atol=1e-3, rtol=1e-3)
    two = Trainer(recipe(data, init=str(data / "small.safetensors")), data / "two")
    assert torch.equal(two.run.model.state_dict()["vision.stem.0.weight"], again["vision.stem.0.weight"])


# Terms that are means over places, and norms that see no batch, do not depend on how a batch is shared out.
SHARED: dict[str, Any] = {
    "steps": 3,
    "freeze_norms": True,
    "loss": {"dice": 0.0, "severity": 0.0, "kind": 0.0},
    "opinion": {},
}

SCRIPT = """
import sys
from pathlib import Path
from tests.train.test_loop import SHARED, recipe
from quibble.train.loop import Trainer
where, folder = Path(sys.argv[1]), Path(sys.argv[2])
trainer = Trainer(recipe(where, **SHARED), folder)
print("processes", trainer.accelerator.num_processes, flush=True)
trainer.train()
"""


@pytest.mark.slow
def test_two_processes_learn_what_one_does(data: Path) -> None:
    alone = Trainer(recipe(data, **SHARED), data / "one")
    alone.train()
    port = 20_000 + os.getpid() % 20_000
    both = [_started([str(data), str(data / "two")], rank, port) for rank in range(2)]
    outputs = [process.communicate(timeout=200)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert all("processes 2" in output for output in outputs)
    assert ["step 3/3" in output for output in outputs] == [True, False]
    one, two = weights(data / "one"), weights(data / "two")
    assert max(float((one[name] - two[name]).abs().max()) for name in one) < 1e-5


def _started(arguments: list[str], rank: int, port: int) -> subprocess.Popen[str]:
    place = {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2"}
    place |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    environment = os.environ | place | {"OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true"}
    command = [sys.executable, "-c", SCRIPT, *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])


def test_a_batch_that_cannot_be_shared_out_is_an_error() -> None:
    share = Share(range(100), batch=6, process=1, processes=2)
    assert [share[i] for i in range(5)] == [3, 4, 5, 9, 10]
    with pytest.raises(RecipeError, match="a batch of 6 cannot be shared out among 4 processes evenly"):
        Share(range(100), batch=6, process=0, processes=4)

"""Each paper's recipe runs from its first step to a question to what it made, on tiny random parts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from quibble.backends.torch import MaskingTorchBackend, open_torch
from quibble.image import save
from quibble.model import load
from quibble.seeing import rate
from quibble.text.conversation import Conversation, Shown
from quibble.train.recipe import load_any
from quibble.train.tuner import Tuner
from quibble.train.tuning_recipe import TuningRecipe
from tests import tiny
from tests.train import tiny_data

RECIPES = Path(__file__).parents[2] / "recipes"

#: What is tiny: nothing of what makes the paper's method is changed.
SMALL = ("precision=no", "frozen=fp32", "workers=0", "epochs=1", "batch=4", "rows=2", "context=512")


def parts(where: Path) -> dict[str, Any]:
    """Files in the layout of the checkpoints and data sets that the recipes name."""
    tiny.save_vision(where / "vision")
    tiny.save_language(where / "language", tokenizer=True)
    tiny.save_llava(where / "llava", tokenizer=True)
    tiny.save_llava_next(where / "next", tokenizer=True)
    return {
        "words": tiny_data.write_words(where / "words"),
        "more": tiny_data.write_words(where / "more", 4, seed=9),
        "pairs": tiny_data.write_pairs(where / "pairs"),
        "masks": tiny_data.write_masks(where / "masks"),
        "boxes": tiny_data.write_boxes(where / "boxes"),
    }


def run(name: str, where: Path, *changes: str, data: list[Path]) -> Tuner:
    """The recipe with other models and data, and the same settings on each source."""
    read = load_any(RECIPES / f"{name}.toml", (*SMALL, *changes))
    assert isinstance(read, TuningRecipe)
    assert len(read.data) == len(data)
    sources = tuple(replace(source, path=str(path)) for source, path in zip(read.data, data, strict=True))
    tuner = Tuner(replace(read, data=sources), where / name)
    before = {n: w.detach().clone() for n, w in tuner.stored.model.named_parameters()}
    tuner.train()
    moved = {n for n, w in tuner.stored.model.named_parameters() if not torch.equal(w, before[n])}
    learned = {n for n, w in tuner.stored.model.named_parameters() if w.requires_grad}
    assert moved <= learned
    assert {n.split(".")[0] for n in moved} == {n.split(".")[0] for n in learned}
    answers(where / name / "model", masks=tuner.stored.model.segmentation is not None)
    return tuner


def answers(folder: Path, *, masks: bool) -> None:
    """What was trained is loaded from its folder, and scores, answers and draws."""
    backend = open_torch(str(folder), max_tokens=4)
    rgb = np.random.default_rng(0).integers(0, 256, (40, 56, 3)).astype(np.uint8)
    score = rate(backend, rgb)
    assert 0 <= score.value <= 100
    asked = Conversation.showing(Shown(pixels=rgb)).saying("Where is it bad?")
    assert isinstance("".join(backend.write(asked)), str)
    assert isinstance(backend, MaskingTorchBackend) == masks
    if isinstance(backend, MaskingTorchBackend):
        assert all((mask.width, mask.height) == (56, 40) for mask in backend.segment(asked)[1])


@pytest.fixture
def made(tmp_path: Path) -> dict[str, Any]:
    return parts(tmp_path)


def trained_parts(tuner: Tuner) -> set[str]:
    names = {n for n, w in tuner.stored.model.named_parameters() if w.requires_grad}
    return {"lora" if "lora_" in n else n.split(".")[0] if n.split(".")[0] != "eyes" else "vision" for n in names}


def test_q_instruct_mix_and_the_stage_before_it(tmp_path: Path, made: dict[str, Any]) -> None:
    first = run(
        "llava-projector",
        tmp_path,
        f"parts.vision={tmp_path / 'vision'}",
        f"parts.language={tmp_path / 'language'}",
        "parts.side=28",
        data=[made["words"]],
    )
    assert trained_parts(first) == {"projector"}
    second = run(
        "q-instruct-mix",
        tmp_path,
        f"parts.model={tmp_path / 'llava-projector' / 'model'}",
        f'exclude=["{made["pairs"]}"]',
        data=[made["words"], made["more"]],
    )
    assert trained_parts(second) == {"projector", "language"}
    before = load(str(tmp_path / "llava-projector" / "model")).model.state_dict()
    after = load(str(tmp_path / "q-instruct-mix" / "model")).model.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[n], after[n]) for n in before if n.startswith("eyes."))


def test_q_instruct_after_leaves_out_what_is_measured_on(
    tmp_path: Path, made: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    tiny_data.write_pictures(tmp_path / "measured", 2)
    tuner = run(
        "q-instruct-after",
        tmp_path,
        f"parts.model={tmp_path / 'llava'}",
        f'exclude=["{tmp_path / "measured"}"]',
        data=[made["words"]],
    )
    assert "2 of 6 records left out" in capsys.readouterr().out
    assert len(tuner.samples.source.mixture) == 4
    assert trained_parts(tuner) == {"projector", "language"}


@pytest.mark.parametrize("tags", ["distinct", "unified"])
def test_depictqa(tmp_path: Path, made: dict[str, Any], tags: str) -> None:
    tuner = run(
        "depictqa",
        tmp_path,
        f"parts.vision={tmp_path / 'vision'}",
        f"parts.language={tmp_path / 'language'}",
        "parts.side=28",
        f"template.tags={tags}",
        "steps=3",
        data=[made["pairs"], made["words"], made["pairs"], made["words"]],
    )
    assert trained_parts(tuner) == {"projector", "lora"}
    assert isinstance(tuner.optimizer.optimizer, torch.optim.Adam)
    assert not isinstance(tuner.optimizer.optimizer, torch.optim.AdamW)
    assert len(tuner.samples.source.mixture) == 4 + 20 * 6 + 20 * 4 + 2 * 6
    again = load(str(tmp_path / "depictqa" / "model"))
    assert again.lora is not None
    assert again.template["tags"] == tags
    texts = {tuner.tokenizer.decode(sample.ids) for sample in (tuner.samples[i] for i in range(40))}
    opening = "<Img-Reference><image>" if tags == "distinct" else "<Img><image>"
    assert any(opening in text for text in texts)
    assert any(("<Img-B>" in text) == (tags == "distinct") for text in texts if "Which" in text)


def test_both_stages_of_q_ground(tmp_path: Path, made: dict[str, Any]) -> None:
    first = run(
        "q-ground-segmentation",
        tmp_path,
        "steps=3",
        f"parts.model={tmp_path / 'llava'}",
        "parts.projected=[1, 2, -1]",
        "parts.masks.layers=[1, 2, -1]",
        "parts.masks.width=16",
        "parts.side=56",
        "parts.grid=[2, 2]",
        "parts.width=16",
        "parts.heads=2",
        "context=512",
        data=[made["words"], made["masks"]],
    )
    assert trained_parts(first) == {"projector", "lora", "language", "segmentation"}
    text = next(first.tokenizer.decode(s.ids) for s in (first.samples[i] for i in range(9)) if s.masks)
    assert text.endswith(" low light <seg0><seg1><seg2><seg3><seg4><seg5></s>")
    assert "The left side is too dark." not in text
    second = run(
        "q-ground",
        tmp_path,
        "steps=3",
        f"parts.model={tmp_path / 'q-ground-segmentation' / 'model'}",
        data=[made["words"], made["masks"], made["more"], made["masks"]],
    )
    assert second.stored.composition == first.stored.composition
    text = next(second.tokenizer.decode(s.ids) for s in (second.samples[i] for i in range(9)) if s.masks)
    assert "The left side is too dark. Where is it bad?" in text
    assert load(str(tmp_path / "q-ground" / "model")).model.segmentation is not None


@pytest.mark.parametrize(("boxes", "said"), [("grid", "(0,390)"), ("normalised", "(0.00,0.00,0.50,1.00)")])
def test_grounding_iqa(tmp_path: Path, made: dict[str, Any], boxes: str, said: str) -> None:
    tuner = run(
        "grounding-iqa",
        tmp_path,
        f"parts.model={tmp_path / 'llava'}",
        f"template.boxes={boxes}",
        data=[made["boxes"], made["words"]],
    )
    assert trained_parts(tuner) == {"projector", "language"}
    texts = [tuner.tokenizer.decode(tuner.samples[i].ids) for i in range(10)]
    assert any(f"[The left side]{said} is dark." in text for text in texts), texts


def test_iqa_octopus(tmp_path: Path, made: dict[str, Any]) -> None:
    tuner = run(
        "iqa-octopus",
        tmp_path,
        f"parts.model={tmp_path / 'next'}",
        data=[made["words"], made["more"], made["pairs"]],
    )
    assert trained_parts(tuner) == {"vision", "projector", "newline", "lora"}


@pytest.mark.slow
def test_a_recipe_goes_from_the_command_line_to_a_benchmark(
    tmp_path: Path, made: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from click.testing import CliRunner
    from skimage import data

    from quibble.cli import main

    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    save(data.chelsea()[:200, :200].copy(), tmp_path / "photos" / "cat.png")
    changes = [*SMALL, "steps=2", f"parts.model={tmp_path / 'llava'}", f'data=[{{path="{made["boxes"]}"}}]']
    sets = [part for change in changes for part in ("--set", change)]
    model = ["--model", "run/model"]
    for command, expected in (
        (["train", str(RECIPES / "grounding-iqa.toml"), "--out", "run", *sets], "step 2/2"),
        (["ask", "photos/cat.png", "Is it sharp?", "--option", "yes", "--option", "no", *model], "%  yes"),
        (["bench", "quibble-bench", "--photos", "photos", "--limit", "4", *model], "grounding-iqa"),
    ):
        result = CliRunner().invoke(main, command, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        assert expected in result.output

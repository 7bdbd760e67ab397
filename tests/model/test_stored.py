"""Parity of the composition with transformers, and models going to disk and back. Tiny random models throughout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from quibble.errors import ModelError
from quibble.model.adapters import Lora
from quibble.model.composition import CLIP_MEAN, CLIP_STD, Composition, Masks
from quibble.model.lmm import Shown
from quibble.model.stored import Stored, export_llava, from_parts, load, save
from quibble.model.tiles import Tiled
from quibble.views import look_at
from tests.tiny import IMAGE, LLAVA_TILES, VOCABULARY, save_language, save_llava, save_llava_next, save_vision

MEAN, STD = (torch.tensor(values).view(1, 3, 1, 1) for values in (CLIP_MEAN, CLIP_STD))


def picture(seed: int = 0, height: int = 28, width: int = 28) -> torch.Tensor:
    return torch.rand(3, height, width, generator=torch.Generator().manual_seed(seed))


def logits(stored: Stored, ids: torch.Tensor, shown: list[Shown]) -> torch.Tensor:
    with torch.inference_mode():
        return stored.model.language.logits(stored.model(ids, shown).hidden)


def prompt(*counts: int) -> list[int]:
    ids = [1]
    for count in counts:
        ids += [IMAGE] * count + [20, 21]
    return ids


def reference(folder: Path) -> Any:
    from transformers import AutoModelForImageTextToText

    whole: Any = AutoModelForImageTextToText.from_pretrained(folder)
    return whole.eval()


@pytest.mark.parametrize("vision", ["clip", "siglip"])
def test_llava_gives_the_logits_that_transformers_gives(tmp_path: Path, vision: str) -> None:
    save_llava(tmp_path, vision=vision)
    stored = load(str(tmp_path))
    ids = torch.tensor([prompt(4, 4), [*prompt(4), *[0] * 6]])
    pictures = [picture(0), picture(1), picture(2)]
    ours = logits(stored, ids, [Shown(pictures=pictures[:2]), Shown(pictures=pictures[2:])])
    with torch.inference_mode():
        theirs = reference(tmp_path)(input_ids=ids, pixel_values=(torch.stack(pictures) - MEAN) / STD).logits
    assert theirs.abs().max() > 0.1
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)


def test_several_layers_are_read_in_the_order_that_the_checkpoint_says(tmp_path: Path) -> None:
    save_llava(tmp_path, layers=[-1, 1])
    ids = torch.tensor([prompt(4)])
    ours = logits(load(str(tmp_path)), ids, [Shown(pictures=(picture(),))])
    with torch.inference_mode():
        theirs = reference(tmp_path)(input_ids=ids, pixel_values=(picture()[None] - MEAN) / STD).logits
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(("height", "width"), [(50, 90), (120, 37), (64, 64)])
def test_llava_next_gives_the_logits_that_transformers_gives(tmp_path: Path, height: int, width: int) -> None:
    save_llava_next(tmp_path)
    stored = load(str(tmp_path))
    rgb = np.random.default_rng(height).integers(0, 256, (height, width, 3)).astype(np.uint8)
    composition = stored.composition
    assert composition.tiles == LLAVA_TILES
    views = look_at(rgb, side=composition.side, fit=composition.fit, tiles=composition.tiles)
    tensors = torch.from_numpy(views.pictures).permute(0, 3, 1, 2).float() / 255
    tiled = Tiled(tensors, views.rows, views.columns, height, width)
    count = composition.picture_tokens(
        stored.tower.patch, rows=views.rows, columns=views.columns, height=height, width=width
    )
    ids = torch.tensor([prompt(count)])
    ours = logits(stored, ids, [Shown(pictures=(tiled,))])
    with torch.inference_mode():
        theirs = reference(tmp_path)(
            input_ids=ids,
            pixel_values=((tensors - MEAN) / STD)[None],
            image_sizes=torch.tensor([[height, width]]),
        ).logits
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)


def test_a_larger_picture_gets_interpolated_positions(tmp_path: Path) -> None:
    save_vision(tmp_path)
    stored = from_parts(*parts(tmp_path), Composition(side=56, projected=(-1,), image_token=IMAGE))
    stored.model.eval()
    large = picture(height=56, width=56)
    with torch.inference_mode():
        seen = stored.tower(large[None])[0]
        theirs = stored.tower.vision(
            pixel_values=(large[None] - MEAN) / STD, interpolate_pos_encoding=True, output_hidden_states=True
        ).hidden_states[-1]
    assert seen.shape == (1, 32, 4, 4)
    torch.testing.assert_close(seen.flatten(2).transpose(1, 2), theirs[:, 1:])


def parts(folder: Path) -> tuple[str, str]:
    save_vision(folder / "v")
    save_language(folder / "l")
    return str(folder / "v"), str(folder / "l")


FULL = Composition(
    projector="abstractor",
    projected=(1, -1),
    grid=(2, 2),
    width=16,
    heads=2,
    side=28,
    image_token=IMAGE,
    segmentation_token=30,
    masks=Masks(layers=(1, -1), width=16, heads=2),
)


@pytest.mark.parametrize("kind", ["abstractor", "linear", "mlp", "lora", "tiles"])
def test_a_saved_model_loads_as_the_same(tmp_path: Path, kind: str) -> None:
    composition = {
        "linear": Composition(projector="linear", side=28, image_token=IMAGE),
        "mlp": Composition(side=28, image_token=IMAGE, bias=False),
        "tiles": Composition(side=28, image_token=IMAGE, tiles=LLAVA_TILES),
    }.get(kind, FULL)
    stored = from_parts(*parts(tmp_path), composition)
    if kind == "lora":
        stored.adapt(Lora(rank=2, alpha=4, targets=("q_proj", "v_proj")))
        randomise(stored)
    stored.model.eval()
    save(stored, tmp_path / "saved")
    again = load(str(tmp_path / "saved"))
    assert (again.composition, again.lora) == (composition, stored.lora)
    ids, shown = [1, *[IMAGE] * 4, 20], Shown(pictures=(picture(),))
    if composition is FULL:
        ids, shown = [*ids, 30, 31, 32, 33], shown._replace(targets=(0,))
    before, after = (m.model(torch.tensor([ids]), [shown]) for m in (stored, again))
    assert torch.equal(before.hidden, after.hidden)
    assert [tuple(mask.shape) for mask in after.masks] == ([(8, 8)] if composition is FULL else [])
    assert all(torch.equal(a, b) for a, b in zip(before.masks, after.masks, strict=True))


def randomise(stored: Stored) -> None:
    for name, weight in stored.llama.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(weight, std=0.2)


def test_merged_adapters_say_the_same_as_unmerged_ones(tmp_path: Path) -> None:
    save_llava(tmp_path)
    stored = load(str(tmp_path))
    ids, shown = torch.tensor([prompt(4)]), [Shown(pictures=(picture(),))]
    plain = logits(stored, ids, shown)
    stored.adapt(Lora(rank=2, alpha=4))
    torch.testing.assert_close(logits(stored, ids, shown), plain)
    randomise(stored)
    adapted = logits(stored, ids, shown)
    assert not torch.allclose(adapted, plain, atol=1e-2)
    stored.merge()
    assert not any("lora_" in name or "base_layer" in name for name in stored.model.state_dict())
    torch.testing.assert_close(logits(stored, ids, shown), adapted, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("make", [save_llava, save_llava_next])
def test_an_export_is_a_checkpoint_that_transformers_loads(tmp_path: Path, make: Any) -> None:
    make(tmp_path / "from")
    stored = load(str(tmp_path / "from"))
    stored.adapt(Lora(rank=2, alpha=4))
    randomise(stored)
    ids = torch.tensor([[1, 20, 21, 22]])
    ours = logits(stored, ids, [Shown()])
    export_llava(stored, tmp_path / "to")
    with torch.inference_mode():
        theirs = reference(tmp_path / "to")(input_ids=ids).logits
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)
    names = {p.name for p in (tmp_path / "to").iterdir()}
    assert {"config.json", "model.safetensors"} <= names
    then, now = (reference(tmp_path / end).state_dict() for end in ("from", "to"))
    assert then.keys() == now.keys()
    assert {n for n in then if not torch.allclose(then[n], now[n])} == {
        f"model.language_model.layers.{i}.self_attn.{p}_proj.weight" for i in range(2) for p in "qkvo"
    }
    assert load(str(tmp_path / "to")).composition == stored.composition


def test_what_llavas_layout_has_no_room_for_is_not_exported(tmp_path: Path) -> None:
    stored = from_parts(*parts(tmp_path), FULL)
    with pytest.raises(ModelError, match="has masks"):
        export_llava(stored, tmp_path / "to")


def test_only_what_can_learn_is_called_so(tmp_path: Path) -> None:
    save_llava(tmp_path)
    stored = load(str(tmp_path))
    stored.model.train()
    said = stored.model(torch.tensor([prompt(4)]), [Shown(pictures=(picture(),))])
    said.hidden.square().mean().backward()
    idle = {id(p) for p in stored.tower.idle_parameters()}
    without = {id(p) for p in stored.tower.vision.parameters() if p.grad is None}
    assert idle == without
    assert idle


def test_a_batch_without_pictures_or_masks_still_goes_through_every_part(tmp_path: Path) -> None:
    stored = from_parts(*parts(tmp_path), FULL)
    model = stored.model.train()
    ids = torch.tensor([[1, 20, 21]])
    hidden = model(ids, [Shown()]).hidden
    hidden.square().mean().backward()
    idle = {id(p) for p in stored.tower.idle_parameters()}
    missed = [n for n, p in model.named_parameters() if p.grad is None and id(p) not in idle]
    assert missed == ["language.llama.lm_head.weight"]
    assert all(not p.grad.any() for n, p in model.named_parameters() if p.grad is not None and "language" not in n)
    torch.testing.assert_close(hidden, model.eval()(ids, [Shown()]).hidden)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"projected": (9,)}, "hidden states 0 to 3"),
        ({"side": 30}, "whole patches of 14"),
    ],
)
def test_what_does_not_go_together_is_refused(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        from_parts(*parts(tmp_path), Composition(image_token=IMAGE, **change))


def test_other_places_and_models_are_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="there is no model at"):
        load(str(tmp_path))
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "qwen2_5_vl"}))
    with pytest.raises(ModelError, match="torch backend"):
        load(str(tmp_path))
    stored = from_parts(*parts(tmp_path), Composition(side=28, image_token=IMAGE))
    with pytest.raises(ModelError, match="no linear layers 'w_pack'"):
        stored.adapt(Lora(targets=("w_pack",)))
    save(stored, tmp_path / "saved")
    said = json.loads((tmp_path / "saved" / "config.json").read_text())
    said["composition"]["bias"] = False
    (tmp_path / "saved" / "config.json").write_text(json.dumps(said))
    with pytest.raises(ModelError, match="is damaged"):
        load(str(tmp_path / "saved"))
    assert stored.llama.config.vocab_size == VOCABULARY

"""The torch backend on tiny random checkpoints in their real layouts: composed ones, and transformers' own."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from quibble.backends.base import MaskingBackend
from quibble.backends.checkpoints import Composed, Native, open_checkpoint
from quibble.backends.choice import open_seeing
from quibble.backends.language import Sampling
from quibble.backends.torch import MaskingTorchBackend, TorchBackend, open_torch
from quibble.errors import ArgumentError, MissingExtraError, ModelError
from quibble.geometry import Box, Region
from quibble.model.adapters import Lora
from quibble.model.composition import Composition, Masks
from quibble.model.lmm import Shown as ModelShown
from quibble.model.stored import export_llava, from_parts, load, save
from quibble.text.conversation import Conversation, Shown
from tests import tiny


def picture(seed: int = 0, height: int = 40, width: int = 56) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)


def about(*pictures: NDArray[np.uint8], question: str = "What is wrong?") -> Conversation:
    names = [""] if len(pictures) == 1 else ["Image A", "Image B"]
    shown = (Shown(name=name, pixels=pixels) for name, pixels in zip(names, pictures, strict=True))
    return Conversation.showing(*shown).saying(question)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    root = tmp_path_factory.mktemp("checkpoints")
    tiny.save_vision(root / "v")
    tiny.save_language(root / "l", tokenizer=True)
    masks = Masks(layers=(1, -1), width=16, heads=2)
    made = {
        "composed": Composition(side=28, image_token=tiny.IMAGE),
        "tiles": Composition(side=28, image_token=tiny.IMAGE, tiles=tiny.LLAVA_TILES),
        "masks": Composition(side=28, image_token=tiny.IMAGE, segmentation_token=270, masks=masks),
    }
    for name, composition in made.items():
        torch.manual_seed(7)
        stored = from_parts(str(root / "v"), str(root / "l"), composition)
        stored.adapt(Lora(rank=2, alpha=4))
        stored.template = {"tags": "distinct" if name == "composed" else "none"}
        save(stored, root / name, tokenizer=tiny.make_tokenizer())
    tiny.save_native_llava(root / "llava")
    tiny.save_qwen(root / "qwen")
    return {name: str(root / name) for name in ("composed", "tiles", "masks", "llava", "qwen")}


KINDS = ["composed", "tiles", "llava", "qwen"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_is_what_the_model_generates_and_comes_in_pieces(folders: dict[str, str], kind: str) -> None:
    backend = open_torch(folders[kind], max_tokens=12)
    assert isinstance(backend, TorchBackend)
    assert not isinstance(backend, MaskingBackend)
    assert backend.name == kind
    pieces = list(backend.write(about(picture())))
    checkpoint = open_checkpoint(folders[kind])
    inputs, _ = checkpoint.prepare(about(picture()), "")
    with torch.inference_mode():
        ids = checkpoint.model.generate(**inputs, max_new_tokens=12, do_sample=False, eos_token_id=2, pad_token_id=2)[0]
    new = ids[inputs["input_ids"].shape[1] :] if "input_ids" in inputs else ids
    whole = checkpoint.tokenizer.decode(new, skip_special_tokens=True).lstrip()
    assert "".join(pieces) == whole.rstrip("\ufffd")
    assert len(pieces) > 1
    assert "".join(backend.write(about(picture()))) == "".join(pieces)


@pytest.mark.parametrize("kind", KINDS)
def test_words_are_weighed_by_what_the_model_gives_them(folders: dict[str, str], kind: str) -> None:
    checkpoint = open_checkpoint(folders[kind])
    backend = TorchBackend(folders[kind], checkpoint)
    shares = backend.weigh(about(picture()), ["good", "poor"])
    assert sum(shares) == pytest.approx(1)
    assert shares != pytest.approx([0.5, 0.5], abs=1e-4)
    # What follows a colon begins with a blank; the tiny tokenizer has it as a token of its own.
    inputs, told = checkpoint.prepare(about(picture()), "")
    blank = " " if told.endswith(":") else ""
    encoded = [checkpoint.tokenizer(f"{blank}{c}", add_special_tokens=False)["input_ids"] for c in "gGpP"]
    if blank:
        inputs = checkpoint.extend(inputs, encoded[0][:1])
    with torch.inference_mode():
        logits = checkpoint.model(**inputs).logits[0, -1]
    g, big_g, p, big_p = logits.softmax(-1)[[ids[-1] for ids in encoded]].tolist()
    assert shares[0] == pytest.approx((g + big_g) / (g + big_g + p + big_p), rel=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_words_with_the_same_beginning_are_weighed_whole(folders: dict[str, str], kind: str) -> None:
    checkpoint = open_checkpoint(folders[kind])
    backend = TorchBackend(folders[kind], checkpoint)
    shares = backend.weigh(about(picture()), ["AB", "AC", "B"])
    inputs, told = checkpoint.prepare(about(picture()), "")
    lead = " " if told.endswith(":") else ""

    def probability(word: str) -> float:
        ids = checkpoint.tokenizer(f"{lead}{word}", add_special_tokens=False)["input_ids"]
        with torch.inference_mode():
            logits = checkpoint.model(**checkpoint.extend(inputs, ids)).logits[0, -len(ids) - 1 : -1]
        return float(logits.log_softmax(-1)[range(len(ids)), ids].sum().exp())

    each = np.array([probability(word) for word in ("AB", "AC", "B")])
    np.testing.assert_allclose(shares, each / each.sum(), rtol=1e-3)


def test_the_picture_the_order_and_the_region_matter(folders: dict[str, str]) -> None:
    for kind in KINDS:
        backend = open_torch(folders[kind])
        words = ["good", "poor"]
        one = backend.weigh(about(picture()), words)
        assert backend.weigh(about(picture(1)), words) != pytest.approx(one, abs=1e-6)
        both = backend.weigh(about(picture(), picture(1)), words)
        assert backend.weigh(about(picture(1), picture()), words) != pytest.approx(both, abs=1e-6)
        for box in (Box(x0=0, y0=0, x1=28, y1=40), Box(x0=0, y0=0, x1=56, y1=40)):
            focused = Conversation.showing(Shown(pixels=picture()), focus=Region(box=box)).saying("What is wrong?")
            assert backend.weigh(focused, words) != pytest.approx(one, abs=1e-6)


def test_several_turns_and_openings(folders: dict[str, str]) -> None:
    for kind in KINDS:
        backend = open_torch(folders[kind], max_tokens=5)
        talk = about(picture()).answered("Noise.").saying("Sure?")
        assert backend.weigh(talk, "AB") != pytest.approx(backend.weigh(about(picture()), "AB"), abs=1e-6)
        pieces = list(backend.write(talk, opening="Image A is"))
        assert pieces[0] == "Image A is"
    checkpoint = open_checkpoint(folders["composed"])
    told = checkpoint.prepare(about(picture(), picture(1)), "Image A").told
    four = "<image>" * 4
    assert told == f"USER: <Img-A>{four}</Img-A><Img-B>{four}</Img-B>What is wrong? ASSISTANT: Image A"


def test_draws_are_repeated_by_their_seed_and_leave_others_alone(folders: dict[str, str]) -> None:
    backend = open_torch(folders["composed"], max_tokens=16)
    torch.manual_seed(3)
    before = torch.get_rng_state()
    drawn = ["".join(backend.write(about(picture()), sampling=Sampling(temperature=2.0, seed=s))) for s in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert torch.equal(torch.get_rng_state(), before)


def test_an_answer_that_nobody_reads_on_stops(folders: dict[str, str]) -> None:
    backend = open_torch(folders["composed"], max_tokens=100_000)
    answer = iter(backend.write(about(picture())))
    next(answer)
    answer.close()  # type: ignore[attr-defined]
    assert not [thread for thread in threading.enumerate() if "_generate" in thread.name]
    assert backend.weigh(about(picture()), "AB")


def test_a_conversation_ends_where_the_context_does(folders: dict[str, str]) -> None:
    backend = open_torch(folders["composed"])
    told = open_checkpoint(folders["composed"]).prepare(about(picture(), question="?"), "").inputs
    long = about(picture(), question="?" * (513 - told["attention_mask"].shape[1]))
    with pytest.raises(ArgumentError, match="has 512 tokens, composed reads 512"):
        list(backend.write(long))
    almost = about(picture(), question="?" * (510 - told["attention_mask"].shape[1]))
    assert len("".join(backend.write(almost)).encode()) <= 12


def test_a_failing_model_says_so_to_who_asked(folders: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = open_checkpoint(folders["composed"])

    def fail(**_: Any) -> None:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(checkpoint.model, "generate", fail)
    with pytest.raises(RuntimeError, match="out of memory"):
        list(TorchBackend("x", checkpoint).write(about(picture())))


@pytest.mark.parametrize("fit", ["pad"])
def test_masks_are_those_of_the_tokens_and_have_the_pictures_size(folders: dict[str, str], fit: str) -> None:
    backend = open_torch(folders["masks"], max_tokens=4)
    assert isinstance(backend, MaskingTorchBackend)
    assert isinstance(backend, MaskingBackend)
    text, masks = backend.segment(about(picture()))
    assert isinstance(text, str)
    assert isinstance(masks, tuple)
    checkpoint = open_checkpoint(folders["masks"])
    assert isinstance(checkpoint, Composed)
    told = checkpoint.prepare(about(picture()), "").told
    group = [270, 271, 272, 273]
    with torch.inference_mode():
        found = checkpoint.masks(about(picture()), told, [40, *group, 271, 41, *group[:3], *group])
        assert checkpoint.masks(about(picture()), told, [40, 271]) == ()
        stored = load(folders["masks"])
        ids = torch.cat([checkpoint.ids(told), torch.tensor([[40, *group, 41, *group]])], dim=1)
        views = checkpoint.prompter.views(picture())
        shown = ModelShown(pictures=[torch.from_numpy(views.pictures[0]).permute(2, 0, 1) / 255], targets=(0, 0))
        logits = stored.model(ids, [shown]).masks
    assert [(mask.width, mask.height) for mask in found] == [(56, 40)] * 2
    # 8 x 8 places for a square of 56: the picture's rows are the middle 40 of them.
    inside = logits[0][1:7].mean() > 0
    assert (found[0].area > 0.5 * 40 * 56) == bool(inside)


def test_a_model_that_was_chosen_by_its_folder_answers(folders: dict[str, str]) -> None:
    from quibble import Assessor

    assert open_seeing(folders["composed"]).name == "composed"
    assessor = Assessor(model=folders["llava"])
    score = assessor.score(picture())
    assert 0 <= score.low <= score.value <= score.high <= 100
    assert assessor.ask(picture(), "Is it sharp?").text is not None


def test_what_cannot_be_opened_is_told_why(
    folders: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ArgumentError, match="16, 8 or 4 bits"):
        open_torch(folders["llava"], bits=3)
    with pytest.raises(MissingExtraError, match=r"'bitsandbytes'.*quibble\[bits\]"):
        open_torch(folders["llava"], bits=4)
    with pytest.raises(ModelError, match="there is no model at"):
        open_torch(str(tmp_path))
    with pytest.raises(ArgumentError, match="at least one token"):
        open_torch(folders["llava"], max_tokens=0)
    with pytest.raises(ArgumentError, match="holds '</s>'"):
        list(open_torch(folders["composed"]).write(about(picture(), question="Say </s>")))
    tiny.save_llava(tmp_path / "bare", tokenizer=True)
    with pytest.raises(ModelError, match="processor"):
        open_torch(str(tmp_path / "bare"))


def test_a_processor_that_wants_videos_too_reads_pictures_without_torchvision(folders: dict[str, str]) -> None:
    checkpoint = open_checkpoint(folders["qwen"])
    assert isinstance(checkpoint, Native)
    inputs, told = checkpoint.prepare(about(picture(), picture(1)), "")
    assert "Image A:<|vision_start|>" in told
    assert inputs["image_grid_thw"].shape == (2, 3)


@pytest.mark.parametrize("fit", ["pad", "crop", "stretch", "tiles"])
def test_an_export_is_asked_as_the_model_was_taught(folders: dict[str, str], tmp_path: Path, fit: str) -> None:
    root = Path(folders["composed"]).parent
    composition = Composition(side=28, image_token=tiny.IMAGE, fit="pad" if fit == "tiles" else fit)
    if fit == "tiles":
        composition = replace(composition, tiles=tiny.LLAVA_TILES)
    stored = from_parts(str(root / "v"), str(root / "l"), composition)
    stored.adapt(Lora(rank=2, alpha=4))
    stored.template = {"system": 'Say "it". ', "before": "USER: ", "after": " ASSISTANT:"}
    stored.name = "taught"
    save(stored, tmp_path / "own", tokenizer=tiny.make_tokenizer())
    assert open_torch(str(tmp_path / "own")).name == "taught"
    export_llava(load(str(tmp_path / "own")), tmp_path / "out", tokenizer=tiny.make_tokenizer())
    own, out = (open_checkpoint(str(tmp_path / name)) for name in ("own", "out"))
    assert isinstance(out, Native)
    talk = about(picture()).answered("Noise.").saying("Sure?")
    assert out.prepare(talk, "").told == own.prepare(talk, "").told.replace(
        "<image>", "", own.prepare(talk, "").told.count("<image>") - 1
    )
    ours, theirs = (TorchBackend("x", checkpoint).weigh(talk, ["good", "poor", "fair"]) for checkpoint in (own, out))
    assert ours == pytest.approx(theirs, abs=1e-4)

"""The language half with pictures: what was exported against the torch model that it came from."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from quibble.backends.language import Sampling
from quibble.backends.speaker import OnnxSpeaker
from quibble.backends.visual import OnnxVisual
from quibble.errors import CapabilityError, ModelError
from quibble.model.language import Language, LanguageConfig
from quibble.model.lmm import Lmm, LmmConfig, Looked, Recalled
from quibble.model.lmm import Shown as ShownTorch
from quibble.text.conversation import Conversation, Features, Shown, prompt
from quibble.text.special import SEGMENT
from quibble.text.tokenizer import nano
from quibble.train.export_language import write_language

TINY = LanguageConfig(width=16, layers=1, heads=2, key_value_heads=1, intermediate=24, context=260, visual_tokens=2)
WIDTHS = (3, 4, 5, 6)


@pytest.fixture(scope="module")
def model() -> Lmm:
    """Weights that half precision holds exactly, as what is exported."""
    torch.manual_seed(0)
    config = LmmConfig(abstractor_width=8, grid=(1, 2), segmentation_width=8, segmentation_scales=2, tokens_per_scale=3)
    model = Lmm.nano(Recalled(WIDTHS), Language.random(TINY), TINY, config).eval().requires_grad_(False)
    for name, weight in model.named_parameters():
        # Visual tokens of different pictures are to differ by more than rounding.
        spread = 0.6 if name.startswith(("projector", "region")) else 0.3
        torch.nn.init.normal_(weight, 1.0 if "norm" in name else 0.0, spread)
        weight.copy_(weight.half())
    return model


@pytest.fixture(scope="module")
def folder(model: Lmm, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    write_language(model, TINY, folder, {"name": "tiny"}, eyes="mine")
    return folder


@pytest.fixture
def speaker(folder: Path) -> OnnxSpeaker:
    return OnnxSpeaker(folder, threads=1)


def features(height: int, width: int, seed: int = 0) -> Features:
    rng = np.random.default_rng(seed)
    maps = (
        4 * rng.normal(size=(channels, -(-height // side), -(-width // side))).astype(np.float32)
        for channels, side in zip(WIDTHS, (4, 8, 16, 32), strict=True)
    )
    return Features(maps=tuple(maps), eyes="mine")


def looked(seen: Features) -> Looked:
    return Looked(tuple(torch.from_numpy(scale) for scale in seen.maps))


@pytest.mark.parametrize(("height", "width"), [(64, 64), (131, 70), (96, 305)])
def test_parts_of_the_export_give_what_torch_gives_at_any_size(
    model: Lmm, folder: Path, height: int, width: int
) -> None:
    seen, visual = features(height, width), OnnxVisual(folder, json.loads((folder / "manifest.json").read_text()))
    batch = [scale.unsqueeze(0) for scale in looked(seen).features]
    assert model.region is not None
    assert model.segmentation is not None
    np.testing.assert_allclose(visual.tokens(seen), model.projector(batch)[0].numpy(), rtol=1e-4, atol=1e-3)
    inside = np.random.default_rng(1).random(seen.maps[0].shape[1:], np.float32)
    expected = model.region(batch, torch.from_numpy(inside)[None]).numpy()
    np.testing.assert_allclose(visual.region(seen, inside), expected, rtol=1e-4, atol=1e-3)
    hidden = np.random.default_rng(2).normal(size=(6, 16)).astype(np.float32)
    mask = model.segmentation(batch[:2], torch.from_numpy(hidden)[None])[0].numpy()
    found = visual.mask(seen, hidden)
    assert found.shape == seen.maps[0].shape[1:]
    np.testing.assert_allclose(found, mask, atol=1e-3 * np.abs(mask).max())


def about(*seen: Features | None, inside: np.ndarray | None = None) -> Conversation:
    pictures = tuple(
        Shown(evidence="score 43 poor", name=f"Image {n}" if len(seen) > 1 else "") for n in range(len(seen))
    )
    region = None if inside is None else "region at top left"
    return Conversation(pictures=pictures, region=region).seen(*seen, inside=inside).saying("Where?")


def expected_logits(model: Lmm, conversation: Conversation) -> np.ndarray:
    """Of the first token of the answer, (vocabulary,)."""
    ids = torch.tensor([prompt(conversation, nano(), visual_tokens=2)])
    pictures = [looked(shown.features) for shown in conversation.pictures if shown.features is not None]
    regions = [] if conversation.inside is None else [(0, torch.from_numpy(conversation.inside))]
    hidden = model(ids, [ShownTorch(pictures, regions)]).hidden
    return np.asarray(model.language.logits(hidden)[0, -1].log_softmax(-1).numpy())


def logits(speaker: OnnxSpeaker, conversation: Conversation) -> np.ndarray:
    scores = speaker._hear(conversation, []).logits
    return np.asarray(scores - np.log(np.exp(scores).sum()))


def test_a_conversation_with_pictures_is_read_as_torch_reads_it(model: Lmm, speaker: OnnxSpeaker) -> None:
    one, other = features(64, 96), features(130, 70, seed=1)
    half = np.zeros(one.maps[0].shape[1:], np.float32)
    half[:8] = 1
    conversations = [about(one), about(other), about(one, inside=half), about(one, inside=1 - half), about(None)]
    conversations += [about(one, other), about(other, one), about(one, one)]
    expected = [expected_logits(model, conversation) for conversation in conversations]
    for number, row in enumerate(expected):
        assert all(np.abs(row - another).max() > 1e-2 for another in expected[:number])
    # Twice in either order: what was read before is gone on from only where pictures and regions are the same.
    for order in (range(len(expected)), reversed(range(len(expected)))):
        for number in order:
            np.testing.assert_allclose(logits(speaker, conversations[number]), expected[number], atol=2e-3)
            again = conversations[number].answered("There.").saying("Sure?")
            np.testing.assert_allclose(logits(speaker, again), expected_logits(model, again), atol=2e-3)


def test_a_picture_is_looked_at_once_in_a_conversation(speaker: OnnxSpeaker, monkeypatch: pytest.MonkeyPatch) -> None:
    asked_for: list[Features] = []
    visual = speaker._visual
    assert visual is not None
    tokens = visual.tokens

    def counted(seen: Features) -> np.ndarray:
        asked_for.append(seen)
        return tokens(seen)

    monkeypatch.setattr(visual, "tokens", counted)
    asked = about(features(64, 64))
    "".join(speaker.write(asked))
    "".join(speaker.write(asked.answered("There.").saying("Sure?")))
    assert len(asked_for) == 1


def test_without_features_of_every_picture_none_is_looked_at(speaker: OnnxSpeaker) -> None:
    seen = features(64, 64)
    blind = logits(speaker, about(None, None))
    np.testing.assert_array_equal(logits(speaker, about(seen, None)), blind)


def test_an_answer_that_ends_in_segmentation_tokens_has_a_mask(
    model: Lmm, speaker: OnnxSpeaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    segment = [nano().special(token) for token in SEGMENT]
    written = nano().encode("At the left.")
    asked, seen = about(features(64, 96)), features(64, 96)

    def outline(last: int) -> tuple[str, np.ndarray | None]:
        tokens = iter([*written, last])
        monkeypatch.setattr(Sampling, "draw", lambda self, logits, rng: next(tokens))
        return speaker.outline(asked)

    text, mask = outline(segment[0])
    ids = [*prompt(asked, nano(), visual_tokens=2), *written, *segment]
    said = model(torch.tensor([ids]), [ShownTorch([looked(seen)], targets=(0,))])
    assert text == "At the left."
    assert mask is not None
    expected = said.masks[0].numpy()
    np.testing.assert_allclose(mask, expected, atol=2e-3 * np.abs(expected).max())
    assert outline(nano().special("<eos>")) == ("At the left.", None)


def test_what_cannot_be_drawn_on_is_said(speaker: OnnxSpeaker) -> None:
    with pytest.raises(CapabilityError, match="its perception gives no features"):
        speaker.outline(about(None))


def test_features_of_other_eyes_are_refused(speaker: OnnxSpeaker) -> None:
    seen = Features(maps=features(64, 64).maps, eyes="others")
    with pytest.raises(ModelError, match="another perception"):
        list(speaker.write(about(seen)))


def test_missing_and_damaged_parts_are_named(folder: Path, tmp_path: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    for file in folder.glob("*.onnx"):
        (tmp_path / file.name).write_bytes(file.read_bytes())

    def refused(changed: dict[str, object]) -> str:
        (tmp_path / "manifest.json").write_text(json.dumps(manifest | changed))
        with pytest.raises(ModelError) as error:
            OnnxSpeaker(tmp_path)
        return str(error.value)

    assert "lacks region" in refused({"parts": {k: v for k, v in manifest["parts"].items() if k != "region"}})
    (tmp_path / "segmentation.onnx").write_bytes(b"")
    assert "segmentation.onnx are damaged" in refused({})

import pytest
import torch

from quibble.model.language import IGNORED, Language, LanguageConfig
from quibble.model.lmm import Lmm, LmmConfig, Perceiving, Shown
from quibble.model.perception import Perception, PerceptionConfig
from quibble.model.vision import VisionConfig
from quibble.train.conversing import Conversing
from quibble.train.losses import mask_loss

SIZES = LanguageConfig(
    vocabulary=30, width=32, layers=2, heads=4, key_value_heads=2, intermediate=48, context=64, visual_tokens=2
)
PERCEIVING = PerceptionConfig(
    vision=VisionConfig(stem=8, widths=(8, 12, 16, 16), blocks=(1, 0, 0, 0)), decoder_width=12, opinion_width=16
)


def make_model() -> Lmm:
    torch.manual_seed(0)
    config = LmmConfig(abstractor_width=16, grid=(1, 2), segmentation_width=16, segmentation_scales=2)
    return Lmm.nano(Perceiving(Perception(PERCEIVING), PERCEIVING), Language.random(SIZES), SIZES, config)


def test_right_masks_cost_nothing_and_wrong_ones_do() -> None:
    target = torch.zeros(8, 8)
    target[:, :3] = 1
    assert mask_loss(40 * target - 20, target) < 1e-3
    assert mask_loss(20 - 40 * target, target) > 10
    nothing = torch.zeros(8, 8)
    assert mask_loss(nothing - 20, nothing) < 1e-3
    assert mask_loss(nothing + 20, nothing) > 10


def test_words_and_masks_are_learned_together_from_pictures_of_any_size() -> None:
    """Dark half left or right: the word for the side, then segmentation tokens for the dark half."""
    objective = Conversing(make_model()).train()
    left, right = torch.ones(3, 64, 64), torch.ones(3, 64, 96)
    left[:, :, :32] = 0
    right[:, :, 48:] = 0
    ids = torch.tensor([[1, 3, 3, 8, side, 10, 11, 12, 13, 2] for side in (20, 21)])
    labels = ids.clone()
    labels[:, :4] = IGNORED
    shown = [Shown(pictures=(picture,), targets=(0,)) for picture in (left, right)]
    masks = [1 - left[0], 1 - right[0]]
    optimizer = torch.optim.AdamW(objective.parameters(), lr=3e-3)
    first = None
    for _ in range(80):
        terms = objective(ids, labels, shown, masks)
        optimizer.zero_grad()
        (terms.text / terms.tokens + terms.masks / terms.groups).backward()
        optimizer.step()
        first = first or terms
    assert first is not None
    assert terms.text < 0.15 * first.text
    assert terms.masks < 0.05 * first.masks


def test_without_masks_there_are_only_words() -> None:
    terms = Conversing(make_model())(torch.tensor([[1, 9, 2]]), torch.tensor([[IGNORED, 9, 2]]), [Shown()], [])
    assert (terms.masks, terms.groups, terms.tokens) == (0, 0, 2)
    assert terms.text.item() / 2 == pytest.approx(torch.tensor(30.0).log().item(), rel=0.1)

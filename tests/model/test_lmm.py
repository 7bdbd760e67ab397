import pytest
import torch

from quibble.model.language import Language, LanguageConfig
from quibble.model.lmm import Lmm, LmmConfig, Looked, Perceiving, Recalled, Shown
from quibble.model.perception import Perception, PerceptionConfig
from quibble.model.vision import VisionConfig

SIZES = LanguageConfig(
    vocabulary=40, width=32, layers=2, heads=4, key_value_heads=2, intermediate=48, context=64, visual_tokens=2
)
IMAGE, REGION, SEG = SIZES.image_token, SIZES.region_token, 10
GROUP = [SEG, SEG + 1, SEG + 2, SEG + 3]


@pytest.fixture(scope="module")
def model() -> Lmm:
    torch.manual_seed(0)
    perceiving = PerceptionConfig(
        vision=VisionConfig(stem=8, widths=(8, 12, 16, 16), blocks=(1, 1, 1, 1)), decoder_width=12, opinion_width=16
    )
    config = LmmConfig(abstractor_width=16, grid=(1, 2), segmentation_width=16, segmentation_scales=2)
    eyes = Perceiving(Perception(perceiving), perceiving)
    model = Lmm.nano(eyes, Language.random(SIZES), SIZES, config).eval()
    for name, weight in model.language.named_parameters():
        torch.nn.init.normal_(weight, 1.0 if "norm" in name else 0.0, 0.2)
    return model


def picture(height: int, width: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(3, height, width, generator=torch.Generator().manual_seed(seed))


def test_pictures_of_different_sizes_meet_in_one_conversation(model: Lmm) -> None:
    ids = torch.tensor([[1, 20, IMAGE, IMAGE, 21, IMAGE, IMAGE, 22, 23]])
    first, second = picture(64, 96), picture(130, 70, seed=1)
    with torch.inference_mode():
        there = model(ids, [Shown(pictures=(first, second))]).hidden
        swapped = model(ids, [Shown(pictures=(second, first))]).hidden
    assert there.shape == (1, 9, 32)
    assert torch.equal(there[0, :2], swapped[0, :2])
    assert not torch.allclose(there[0, -1], swapped[0, -1], atol=1e-3)


def test_a_row_without_pictures_reads_the_embeddings_alone(model: Lmm) -> None:
    ids = torch.tensor([[1, IMAGE, IMAGE, 21], [1, IMAGE, IMAGE, 21]])
    with torch.inference_mode():
        both = model(ids, [Shown(), Shown(pictures=(picture(64, 64),))]).hidden
        torch.testing.assert_close(both[:1], model.language(ids[:1]), atol=1e-4, rtol=1e-4)
        alone = model(ids[1:], [Shown(pictures=(picture(64, 64),))]).hidden
        torch.testing.assert_close(both[1:], alone, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(both[0], both[1], atol=1e-3)


def test_the_region_asked_about_matters(model: Lmm) -> None:
    ids = torch.tensor([[1, IMAGE, IMAGE, REGION, 21]])
    shown = picture(64, 64)
    left, right = torch.zeros(64, 64), torch.zeros(64, 64)
    left[:, :32] = right[:, 32:] = 1
    with torch.inference_mode():
        there, elsewhere = (
            model(ids, [Shown(pictures=(shown,), regions=((0, region),))]).hidden for region in (left, right)
        )
    assert torch.equal(there[0, :3], elsewhere[0, :3])
    assert not torch.allclose(there[0, 3:], elsewhere[0, 3:], atol=1e-4)


def test_masks_are_written_for_the_picture_that_is_meant(model: Lmm) -> None:
    ids = torch.tensor([[1, IMAGE, IMAGE, IMAGE, IMAGE, *GROUP, 21, *GROUP], [1, *[0] * 13]])
    pictures = picture(64, 96), picture(130, 70)
    with torch.inference_mode():
        said = model(ids, [Shown(pictures=pictures, targets=(1, 0)), Shown()])
    assert [tuple(mask.shape) for mask in said.masks] == [(33, 18), (16, 24)]


def test_text_and_masks_teach_every_part_of_the_model(model: Lmm) -> None:
    ids = torch.tensor([[1, IMAGE, IMAGE, REGION, *GROUP, 21]])
    region = torch.zeros(64, 64)
    region[:20] = 1
    said = model(ids, [Shown(pictures=(picture(64, 64),), regions=((0, region),), targets=(0,))])
    (said.hidden.square().mean() + said.masks[0].square().mean()).backward()
    for part in (model.projector, model.region, model.segmentation, model.language):
        assert part is not None
        untouched = [n for n, p in part.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
        assert untouched == []
    model.zero_grad()


@pytest.mark.parametrize(
    ("ids", "shown", "said"),
    [
        ([1, IMAGE, IMAGE], Shown(pictures=(picture(64, 64), picture(64, 64))), "places for"),
        ([1, IMAGE, IMAGE, REGION], Shown(pictures=(picture(64, 64),)), "places for"),
        ([1, IMAGE, IMAGE, SEG], Shown(pictures=(picture(64, 64),), targets=(0,)), "not in groups of 4"),
        ([1, IMAGE, IMAGE, *GROUP], Shown(pictures=(picture(64, 64),)), "1 groups"),
    ],
)
def test_what_does_not_fit_together_is_refused(model: Lmm, ids: list[int], shown: Shown, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        model(torch.tensor([ids]), [shown])


def test_grid_and_language_must_agree(model: Lmm) -> None:
    with pytest.raises(ValueError, match="2 x 4 grid"):
        Lmm.nano(model.eyes, model.language, SIZES, LmmConfig(grid=(2, 4)))


def test_features_that_were_looked_at_before_are_as_good_as_the_picture(model: Lmm) -> None:
    ids = torch.tensor([[1, IMAGE, IMAGE, REGION, *GROUP, 21]])
    shown = picture(64, 96)
    region = torch.zeros(64, 96)
    region[:20] = 1
    with torch.inference_mode():
        features = Looked(tuple(scale[0] for scale in model.eyes(shown.unsqueeze(0))))
        here = model(ids, [Shown(pictures=(shown,), regions=((0, region),), targets=(0,))])
        recalled = model(ids, [Shown(pictures=(features,), regions=((0, region),), targets=(0,))])
    torch.testing.assert_close(here.hidden, recalled.hidden)
    torch.testing.assert_close(here.masks[0], recalled.masks[0])
    with pytest.raises(ValueError, match="no eyes"):
        Recalled(model.eyes.widths)(shown.unsqueeze(0))


def test_segmentation_tokens_of_what_was_not_shown_make_no_masks(model: Lmm) -> None:
    with torch.inference_mode():
        assert model(torch.tensor([[1, IMAGE, IMAGE, *GROUP]]), [Shown()]).masks == []

"""What was exported, as weights again."""

import json
from pathlib import Path

import pytest
import torch

from quibble.errors import ModelError
from quibble.model.language import Language, LanguageConfig
from quibble.model.lmm import Lmm, LmmConfig
from quibble.train.export_language import write_language
from quibble.train.pictures import make_lmm
from quibble.train.recipe import LanguageRecipe, PictureData, PicturesRecipe
from quibble.train.restore import restore

TINY = LanguageConfig(width=16, layers=1, heads=2, key_value_heads=1, intermediate=24, context=260, visual_tokens=2)
RECIPE = PicturesRecipe(
    name="tiny",
    language=TINY,
    lmm=LmmConfig(abstractor_width=8, grid=(1, 2), segmentation_width=8, segmentation_scales=2, tokens_per_scale=3),
    pictures=PictureData(widths=(3, 4, 5, 6), eyes="mine"),
)


@pytest.mark.slow
def test_weights_come_back_as_they_were_exported(tmp_path: Path) -> None:
    torch.manual_seed(3)
    model = make_lmm(RECIPE).eval().requires_grad_(False)
    for weight in model.parameters():
        weight.copy_(torch.randn_like(weight).half())
    write_language(model, TINY, tmp_path, {"name": "tiny", "recipe": RECIPE.to_dict()}, eyes="mine")
    again, recipe = restore(tmp_path)
    assert recipe == RECIPE
    assert isinstance(again, Lmm)
    assert again.state_dict().keys() == model.state_dict().keys()
    for name, weight in again.state_dict().items():
        assert torch.equal(weight, model.state_dict()[name]), name


def test_words_alone_come_back_and_those_of_another_size_do_not(tmp_path: Path) -> None:
    recipe = LanguageRecipe(name="tiny", language=TINY)
    model = Language.random(TINY).eval().requires_grad_(False)
    for weight in model.parameters():
        weight.copy_(torch.randn_like(weight))
    write_language(model, TINY, tmp_path, {"name": "tiny", "recipe": recipe.to_dict()})
    again, _ = restore(tmp_path)
    assert isinstance(again, Language)
    head = again.state_dict()["llama.lm_head.weight"]
    torch.testing.assert_close(head, model.state_dict()["llama.lm_head.weight"], atol=1e-3, rtol=1e-3)
    manifest = tmp_path / "manifest.json"
    facts = json.loads(manifest.read_text())
    facts["recipe"]["language"]["intermediate"] = 40
    manifest.write_text(json.dumps(facts))
    with pytest.raises(ModelError, match="made by another"):
        restore(tmp_path)

from pathlib import Path

import pytest

from quibble.errors import RecipeError
from quibble.train.recipe import (
    GaugeRecipe,
    LanguageRecipe,
    PicturesRecipe,
    RankerRecipe,
    ReaderRecipe,
    Recipe,
    from_dict,
    gauge_from_dict,
    language_from_dict,
    load,
    load_any,
    pictures_from_dict,
    ranker_from_dict,
    reader_from_dict,
    tuning_from_dict,
)
from quibble.train.tuning_recipe import TuningRecipe

RECIPES = Path(__file__).parents[2] / "recipes"


def test_every_recipe_loads() -> None:
    found = sorted(path.name for path in RECIPES.glob("*.toml"))
    assert found == [
        "depictqa.toml",
        "grounding-iqa.toml",
        "iqa-octopus.toml",
        "llava-projector.toml",
        "nano-gauge.toml",
        "nano-language.toml",
        "nano-perception-gpu.toml",
        "nano-perception.toml",
        "nano-pictures.toml",
        "nano-ranker.toml",
        "nano-reader.toml",
        "q-ground-segmentation.toml",
        "q-ground.toml",
        "q-instruct-after.toml",
        "q-instruct-mix.toml",
    ]
    for name in found:
        recipe = load_any(RECIPES / name)
        assert recipe.name == name.removesuffix(".toml")
        kinds = {
            LanguageRecipe: language_from_dict,
            PicturesRecipe: pictures_from_dict,
            ReaderRecipe: reader_from_dict,
            GaugeRecipe: gauge_from_dict,
            RankerRecipe: ranker_from_dict,
            TuningRecipe: tuning_from_dict,
            Recipe: from_dict,
        }
        assert kinds[type(recipe)](recipe.to_dict()) == recipe
        nano = {
            "nano-language.toml": LanguageRecipe,
            "nano-pictures.toml": PicturesRecipe,
            "nano-reader.toml": ReaderRecipe,
            "nano-gauge.toml": GaugeRecipe,
            "nano-ranker.toml": RankerRecipe,
        }
        assert type(recipe) is nano.get(name, Recipe if "nano" in name else TuningRecipe)


def test_overrides_reach_nested_values() -> None:
    path = RECIPES / "nano-perception.toml"
    recipe = load(path, ("steps=7", "optim.lr=1e-4", "dense.masks=/some/where", "model.vision.widths=[8, 8, 8, 8]"))
    assert (recipe.steps, recipe.optim.lr, recipe.dense.masks) == (7, 1e-4, "/some/where")
    assert recipe.model.vision.widths == (8, 8, 8, 8)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("stesp=7", "unknown key 'stesp'"),
        ("optim.learning=1", "unknown key 'optim.learning'"),
        ("steps=many", "'steps' is a int, found 'many'"),
        ("steps=true", "'steps' is a int, found True"),
        ("optim.betas=[0.9]", "'optim.betas' has 2 entries, found 1"),
        ("steps", "an override is key=value"),
        ("name.sub=1", "'name' in the override"),
        ("optim=3", "'optim.' is a section"),
    ],
)
def test_mistakes_are_named(override: str, said: str) -> None:
    with pytest.raises(RecipeError) as caught:
        load(RECIPES / "nano-perception.toml", (override,))
    assert said in str(caught.value)


def test_missing_and_broken_files(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="cannot read"):
        load(tmp_path / "none.toml")
    (tmp_path / "broken.toml").write_text("steps = ")
    with pytest.raises(RecipeError, match="not valid TOML"):
        load(tmp_path / "broken.toml")
    with pytest.raises(RecipeError, match="incomplete"):
        from_dict({"steps": 3})


def test_whole_numbers_serve_as_floats() -> None:
    assert from_dict({"name": "x", "optim": {"lr": 1}}) == Recipe(
        name="x", optim=from_dict({"name": "x"}).optim.__class__(lr=1.0)
    )


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("parts.model=a", "'parts' should be model, or vision and language"),
        ('train=["eyes"]', "'train' should be names of vision, projector"),
        ("train=[]", None),
        ("lora.rank=0", None),
        ("batch=0", "'batch' should be at least one sample"),
        ("data=[]", "'data' should be at least one source"),
        ("optim.kind=sgd", "'optim.kind' should be adam or adamw"),
        ("optim.schedule=step", "'optim.schedule' should be"),
        ("frozen=int8", "'frozen' should be"),
        ("precision=int8", "'precision' should be"),
        ('data=[{path="a", share=0.5}, {path="b"}]', "'data.share' should be for all sources or for none"),
        ('data=[{path="a", share=0.5}]', "'steps' should be"),
        ("parts.grid=[2]", "'parts.grid' should be rows and columns"),
        ("template.tags=coloured", "in the recipe section template.: tags are one of none, named"),
        ("template.size=3", "unknown key 'template.size'"),
    ],
)
def test_what_a_large_models_recipe_may_not_hold(override: str, said: str | None) -> None:
    if said is None:
        load_any(RECIPES / "depictqa.toml", (override,))
        return
    with pytest.raises(RecipeError, match=said):
        load_any(RECIPES / "depictqa.toml", (override,))

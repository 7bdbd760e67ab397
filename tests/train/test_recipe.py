from pathlib import Path

import pytest

from quibble.errors import RecipeError
from quibble.train.recipe import LanguageRecipe, Recipe, from_dict, language_from_dict, load, load_any

RECIPES = Path(__file__).parents[2] / "recipes"


def test_every_recipe_loads() -> None:
    found = sorted(path.name for path in RECIPES.glob("*.toml"))
    assert found == ["nano-language.toml", "nano-perception-gpu.toml", "nano-perception.toml"]
    for name in found:
        recipe = load_any(RECIPES / name)
        assert recipe.name == name.removesuffix(".toml")
        again = language_from_dict if isinstance(recipe, LanguageRecipe) else from_dict
        assert again(recipe.to_dict()) == recipe
        assert isinstance(recipe, LanguageRecipe) == ("language" in name)


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

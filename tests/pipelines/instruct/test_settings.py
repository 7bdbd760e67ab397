from __future__ import annotations

from pathlib import Path

import pytest

from quibble.errors import ArgumentError, RecipeError
from quibble.pipelines.instruct.settings import FEEDBACKS, PAPER, Settings, Subset, read_recipe

RECIPE = Path(__file__).parents[3] / "recipes" / "data" / "q-instruct.toml"


def test_the_recipe_has_the_papers_counts() -> None:
    counts, feedbacks = read_recipe(RECIPE)
    assert (counts, feedbacks) == (PAPER, FEEDBACKS)
    assert sum(counts.values()) == 203_000


def test_quotas_come_to_the_counts() -> None:
    settings = Settings()
    for subset, count in PAPER.items():
        quotas = [settings.quota(subset, unit) for unit in range(FEEDBACKS)]
        assert sum(quotas) == count
        assert max(quotas) - min(quotas) <= 1
    assert sum(Settings(counts={Subset.YES_NO: 1}, feedbacks=3).quota(Subset.YES_NO, unit) for unit in range(30)) == 10


@pytest.mark.parametrize(
    "text",
    [
        "feedbacks = 3",
        "[counts]\nwhat_how = 1",
        "feedbacks = 3\n[counts]\nwhere = 1",
        "feedbacks = 3.5\n[counts]\nwhat_how = 1",
        "feedbacks = 3\nspeed = 1\n[counts]\nwhat_how = 1",
        'builder = "depict"\nfeedbacks = 3\n[counts]\nwhat_how = 1',
        "feedbacks = ",
    ],
)
def test_what_is_no_recipe(text: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.toml"
    path.write_text(text)
    with pytest.raises(RecipeError, match=r"odd\.toml"):
        read_recipe(path)


@pytest.mark.parametrize(
    "wrong",
    [
        {"counts": {}},
        {"counts": {Subset.YES_NO: -1}},
        {"feedbacks": 0},
        {"rounds": 0},
        {"limit": 0},
        {"settings": ()},
        {"val": 0.7, "test": 0.7},
        {"seed": -1},
    ],
)
def test_settings_that_make_no_sense(wrong: dict[str, object]) -> None:
    with pytest.raises(ArgumentError, match="found"):
        Settings(**wrong)  # type: ignore[arg-type]

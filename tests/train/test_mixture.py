from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from quibble.data import write_parquet
from quibble.data.dataset import samples
from quibble.errors import RecipeError
from quibble.train.mixture import Mixture, steps_of
from quibble.train.tuning_recipe import Parts, Source, TuningRecipe
from tests.train.tiny_data import write_pictures, write_words


def recipe(*sources: Source, **changes: object) -> TuningRecipe:
    settings: dict[str, Any] = {"batch": 4, "seed": 3} | changes
    return TuningRecipe(name="t", parts=Parts(model="m"), data=sources, **settings)


@pytest.fixture
def two(tmp_path: Path) -> tuple[str, str]:
    return str(write_words(tmp_path / "a", 5)), str(write_words(tmp_path / "b", 3, seed=9, task="local"))


def names(mixture: Mixture, count: int, first: int = 0) -> list[str]:
    return [
        f"{Path(source.path).name}{sample.record.id}"
        for source, sample in map(mixture.__getitem__, range(first, first + count))
    ]


def test_an_epoch_has_every_record_as_often_as_it_should(two: tuple[str, str]) -> None:
    made = recipe(Source(path=two[0]), Source(path=two[1], repeat=4))
    mixture = Mixture(made)
    assert len(mixture) == 5 + 12
    assert steps_of(made, mixture) == 5
    assert steps_of(replace(made, epochs=2), mixture) == 9
    epochs = [names(mixture, 17, first) for first in (0, 17)]
    wanted = Counter({f"aw{n}": 1 for n in range(5)} | {f"bw{n}": 4 for n in range(3)})
    assert [Counter(epoch) for epoch in epochs] == [wanted, wanted]
    assert epochs[0] != epochs[1]
    assert names(Mixture(made), 17) == epochs[0]
    assert names(Mixture(replace(made, seed=4)), 17) != epochs[0]


def test_shares_are_kept_on_average(two: tuple[str, str]) -> None:
    mixture = Mixture(recipe(Source(path=two[0], share=1.0), Source(path=two[1], share=3.0), steps=9))
    drawn = Counter(name[0] for name in names(mixture, 400))
    assert 70 < drawn["a"] < 130
    assert names(mixture, 5, 100) == names(mixture, 105)[100:]


def test_tasks_and_splits_are_chosen(two: tuple[str, str]) -> None:
    with pytest.raises(RecipeError, match="nothing is left"):
        Mixture(recipe(Source(path=two[0], tasks=("local",))))
    assert len(Mixture(recipe(Source(path=two[1], tasks=("local", "other"))))) == 3
    with pytest.raises(RecipeError, match="nothing is left"):
        Mixture(recipe(Source(path=two[0], split="test")))


def test_what_is_measured_on_is_not_learned_from(
    tmp_path: Path, two: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    write_pictures(tmp_path / "measured", 2)
    # One of b's, as a scene that was saved again in another size.
    from PIL import Image

    with Image.open(tmp_path / "b" / "images" / "9-1.png") as picture:
        picture.resize((112, 80)).save(tmp_path / "measured" / "again.jpg", quality=80)
    made = recipe(Source(path=two[0]), Source(path=two[1]), exclude=(str(tmp_path / "measured"),))
    mixture = Mixture(made)
    assert set(names(mixture, len(mixture))) == {"aw2", "aw3", "aw4", "bw0", "bw2"}
    said = capsys.readouterr().out
    assert "2 of 5 records left out" in said
    assert "1 of 3 records left out" in said


def test_data_sets_are_excluded_in_every_form(tmp_path: Path, two: tuple[str, str]) -> None:
    write_parquet((s.record for s in samples(two[1])), tmp_path / "p", images_from=two[1], shard_size=10)
    for place in (two[1], str(tmp_path / "p")):
        with pytest.raises(RecipeError, match="nothing is left"):
            Mixture(recipe(Source(path=str(tmp_path / "p")), exclude=(place,)))
    (tmp_path / "empty").mkdir()
    with pytest.raises(RecipeError, match="in 'exclude': found no pictures"):
        Mixture(recipe(Source(path=two[0]), exclude=(str(tmp_path / "empty"),)))


def test_a_missing_data_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="in 'data': expected the folder of a data set, found nothing"):
        Mixture(recipe(Source(path=str(tmp_path / "none"))))

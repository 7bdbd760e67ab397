from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from quibble.distort import Step, regional
from quibble.pipelines.damage import Damaged, damage
from quibble.pipelines.photos import Photo, Photos
from quibble.pipelines.plans import Dice, Plan, Task
from quibble.pipelines.regions import Piece
from quibble.taxonomy import Distortion
from quibble.text.scene import Fact

D = Distortion


def dice(seed: int = 0) -> Dice:
    return Dice(rng=np.random.default_rng(seed))


def plan(*damage: tuple[Step, ...], task: Task = Task.HYD_G, variant: str = "most", target: int | None = 0) -> Plan:
    return Plan(task=task, variant=variant, damage=damage, target=target)


def photo_of(image: NDArray[np.uint8], pieces: int = 2) -> Photo:
    """A photograph cut into upright stripes."""
    edges = np.linspace(0, image.shape[1], pieces + 1).astype(int)
    stripes = []
    for x0, x1 in pairwise(edges):
        array = np.zeros(image.shape[:2], bool)
        array[:, x0:x1] = True
        stripes.append(Piece(array=array))
    return Photo(name="a.png", sha256="0" * 64, image=image, pieces=tuple(stripes))


@pytest.fixture
def coffee(photos: Photos) -> Photo:
    photo = photos.get("img/coffee.png")
    assert isinstance(photo, Photo)
    return photo


def test_regions_are_distorted_as_planned_and_nothing_else(coffee: Photo) -> None:
    steps = (Step(D.BLUR_LENS, 4),), (Step(D.NOISE_POISSON, 3), Step(D.BRIGHTEN_SHIFT_RGB, 3))
    done = next(d for seed in range(20) if (d := damage(coffee, plan(*steps), dice(seed), lambda reason: None)))
    assert [[x.distortion for x in part.degradations] for part in done.parts] == [
        [step.distortion for step in each] for each in steps
    ]
    assert [[x.level for x in part.degradations] for part in done.parts] == [[4], [3, 3]]
    touched = np.zeros(coffee.image.shape[:2], bool)
    for part in done.parts:
        assert not (touched & part.piece.array).any()
        touched |= part.piece.array
    changed = (done.image != coffee.image).any(axis=2)
    assert not changed[~touched].any()
    assert all(changed[part.piece.array].mean() > 0.3 for part in done.parts)
    assert not set(done.spared) & {part.piece for part in done.parts}
    again = regional(coffee.image, [p.piece.array for p in done.parts], [p.degradations for p in done.parts])
    assert (again.image == done.image).all()


def test_the_same_dice_make_the_same_bytes(coffee: Photo) -> None:
    steps = ((Step(D.NOISE_GAUSSIAN_RGB, 3), Step(D.BLUR_GLASS, 1)),)
    first, second = (damage(coffee, plan(*steps), dice(4), lambda reason: None) for _ in range(2))
    assert isinstance(first, Damaged)
    assert isinstance(second, Damaged)
    assert (first.image == second.image).all()
    assert first.parts[0].degradations == second.parts[0].degradations


def test_what_cannot_be_seen_anywhere_is_rejected_with_its_reason() -> None:
    sky = photo_of(np.full((150, 200, 3), (120, 150, 190), np.uint8))
    reasons: list[str] = []
    assert damage(sky, plan((Step(D.BLUR_GAUSSIAN, 5),)), dice(), reasons.append) is None
    assert reasons == ["no region suited to blur"]
    reasons.clear()
    assert damage(sky, plan((Step(D.QUANTIZE_OTSU, 5),)), dice(), reasons.append) is None
    assert len(reasons) == 2
    assert all(reason.startswith("quantize") for reason in reasons)


def test_a_region_that_shows_it_is_found() -> None:
    image = np.full((150, 200, 3), 128, np.uint8)
    image[:, 100:] = np.random.default_rng(0).integers(0, 256, (150, 100, 3), np.uint8)
    photo = photo_of(image)
    for seed in range(8):
        done = damage(photo, plan((Step(D.BLUR_GAUSSIAN, 2),)), dice(seed), lambda reason: None)
        assert done is not None
        assert done.parts[0].piece is photo.pieces[1]


def test_the_first_of_two_must_still_be_seen_under_the_second() -> None:
    grain = np.random.default_rng(0).normal(0, 9, (150, 200, 1))
    faint = photo_of(np.clip(128 + grain, 0, 255).repeat(3, 2).astype(np.uint8), 1)
    blur = Step(D.BLUR_GAUSSIAN, 2)
    assert damage(faint, plan((blur,)), dice(), lambda reason: None) is not None
    reasons: list[str] = []
    assert damage(faint, plan((blur, Step(D.NOISE_GAUSSIAN_RGB, 3))), dice(), reasons.append) is None
    assert reasons == ["blur is lost in this region's texture or finds none"]


def test_a_plan_that_is_not_fixed_is_drawn_again_until_it_shows(coffee: Photo) -> None:
    weak = (Step(D.QUANTIZE_OTSU, 2),)
    fixed = [damage(coffee, plan(weak), dice(seed), lambda reason: None) for seed in range(20)]
    loose = [
        damage(coffee, plan(weak, task=Task.LOCAL, variant="single"), dice(seed), lambda reason: None)
        for seed in range(20)
    ]
    assert sum(d is not None for d in loose) > sum(d is not None for d in fixed)
    assert all(d.parts[0].degradations[0].distortion.value.startswith("quantize.") for d in loose if d is not None)


def test_too_few_regions() -> None:
    reasons: list[str] = []
    photo = photo_of(np.zeros((150, 200, 3), np.uint8), 1)
    two = (Step(D.NOISE_POISSON, 3),), (Step(D.NOISE_POISSON, 3),)
    assert damage(photo, plan(*two), dice(), reasons.append) is None
    one = plan(two[0], task=Task.LOCAL, variant="clean", target=None)
    assert damage(photo, one, dice(), reasons.append) is None
    assert reasons == ["too few regions"] * 2


def test_the_whole_picture(coffee: Photo) -> None:
    whole = plan((Step(D.NOISE_POISSON, 3),), task=Task.GLOBAL, variant="whole", target=None)
    done = damage(coffee, whole, dice(), lambda reason: None)
    assert done is not None
    assert done.parts[0].piece.array.all()
    assert Fact.LOCAL not in done.parts[0].defects[0].facts


def test_facts_are_measured_where_the_defect_is(coffee: Photo) -> None:
    burned = damage(coffee, plan((Step(D.BRIGHTEN_SHIFT_RGB, 5),)), dice(1), lambda reason: None)
    assert burned is not None
    assert {Fact.CLIPPED, Fact.LOCAL} <= burned.parts[0].defects[0].facts

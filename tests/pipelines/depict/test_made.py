from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from quibble.distort import distort, draw
from quibble.pipelines.depict.made import answer, compare, opinions, structure_kept, texture_of, version
from quibble.pipelines.depict.questionnaire import Aspect, Damage, Degree, Overall, Questionnaire, Step
from quibble.pipelines.photos import Photo
from quibble.pipelines.plans import Dice
from quibble.pipelines.regions import Piece
from quibble.taxonomy import Distortion, Texture


@pytest.fixture(scope="module")
def photo() -> Photo:
    image = np.ascontiguousarray(data.astronaut()[:256, :256])
    return Photo(name="astronaut", sha256="0" * 64, image=image, pieces=())


def answered(photo: Photo, *steps: tuple[Distortion, float]) -> Questionnaire:
    image = photo.image
    for kind, level in steps:
        image = distort(image, kind, level=level)
    degradations = [draw(kind, level, np.random.default_rng(1)) for kind, level in steps]
    return answer(photo, image, degradations, opinions(photo, image, degradations))


def test_a_questionnaire_says_what_was_done(photo: Photo) -> None:
    answers = answered(photo, (Distortion.BLUR_LENS, 5))
    assert answers.degrees == dict.fromkeys(Aspect, Degree.NONE) | {Aspect.BLURRINESS: Degree.SEVERE}
    assert (answers.damage, answers.overall) == (Damage.DESTROYED, Overall.SEVERE)
    assert answers.remarks == {Aspect.BLURRINESS: "defocus blur"}


def test_a_brighter_picture_keeps_its_texture(photo: Photo) -> None:
    answers = answered(photo, (Distortion.BRIGHTEN_SHIFT_RGB, 2))
    assert (answers.damage, answers.overall) == (Damage.CLEAR, Overall.NONE)
    assert answers.degrees[Aspect.BRIGHTNESS] is Degree.MILD


def test_what_turns_black_is_minded_more() -> None:
    """The same shift leaves a light picture its tones and takes a dark one's."""
    ramp = np.linspace(0, 90, 128, dtype=np.uint8)[None, :, None]
    found = []
    for offset in (0, 150):
        image = np.ascontiguousarray(np.broadcast_to(ramp + np.uint8(offset), (128, 128, 3)))
        one = Photo(name="ramp", sha256="0" * 64, image=image, pieces=())
        found.append(answered(one, (Distortion.DARKEN_SHIFT_RGB, 3)).degrees[Aspect.BRIGHTNESS])
    assert found == [Degree.SEVERE, Degree.MILD]


def test_two_distortions_of_one_aspect_are_both_named(photo: Photo) -> None:
    answers = answered(photo, (Distortion.PIXELATE_BOX, 3), (Distortion.OVERSHARPEN_UNSHARP, 3))
    assert answers.remarks == {Aspect.ARTIFACTS: "pixelation and oversharpening"}


def test_what_is_kept_of_the_structure(photo: Photo) -> None:
    assert structure_kept(photo.image, photo.image) == pytest.approx(1)
    kept = [structure_kept(distort(photo.image, Distortion.BLUR_GAUSSIAN, level=n), photo.image) for n in range(1, 6)]
    assert kept == sorted(kept, reverse=True)
    noise = np.random.default_rng(0).integers(0, 256, photo.image.shape, np.uint8)
    assert structure_kept(noise, photo.image) < 0.1
    flat = np.full_like(photo.image, 9)
    assert structure_kept(flat, photo.image) == structure_kept(photo.image, flat) == 0


def test_versions_are_compared_step_by_step(photo: Photo) -> None:
    versions = []
    for seed in range(12):
        one = version(photo, Dice(rng=np.random.default_rng(seed)), lambda reason: None)
        if one is not None:
            versions.append(one)
    assert len(versions) >= 6
    for a in versions:
        assert compare(a, a).overall is Step.EQUAL
        for b in versions:
            there, back = compare(a, b), compare(b, a)
            for step, other in [(there.overall, back.overall), *((there.steps[x], back.steps[x]) for x in Aspect)]:
                assert list(Step).index(step) + list(Step).index(other) == 4
            if there.overall is Step.SUPERIOR:
                assert a.opinion > b.opinion
                better = [step for step in there.steps.values() if step.winner == "A"]
                assert len(better) > 1 or better == [Step.SUPERIOR]
            # Against none at all, a mild distortion is slightly worse and a severe one clearly.
            for aspect in Aspect:
                if a.answers.degrees[aspect] is Degree.NONE and b.answers.degrees[aspect] is Degree.SEVERE:
                    assert there.steps[aspect] is Step.SUPERIOR


def test_textures(photo: Photo) -> None:
    assert texture_of(photo) is Texture.OBJECT_EDGES
    sky = np.zeros((128, 128, 3), np.uint8)
    sky[:] = (90, 140, 220)
    assert texture_of(Photo(name="sky", sha256="0" * 64, image=sky, pieces=())) is Texture.SKY
    leaves = np.random.default_rng(0).integers(0, 200, (128, 128, 1)) * np.array([0.3, 1.0, 0.2])
    assert texture_of(Photo(name="l", sha256="0" * 64, image=leaves.astype(np.uint8), pieces=())) is Texture.PLANTS
    named = Piece(array=np.ones((128, 128), bool), label="wall-brick")
    assert texture_of(Photo(name="b", sha256="0" * 64, image=sky, pieces=(named,))) is Texture.BRICKS

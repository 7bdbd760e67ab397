import numpy as np
import pytest

from quibble.backends.base import Readings
from quibble.extremes import ANYTHING, COUNT, amounts, overlaps, told_of


def regions(*boxes: tuple[int, int, int, int]) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """(y0, y1, x0, x1) of each in a map of 10 x 12."""
    out = np.zeros((len(boxes), 10, 12), bool)
    for mask, (y0, y1, x0, x1) in zip(out, boxes, strict=True):
        mask[y0:y1, x0:x1] = True
    return out


THREE = regions((0, 4, 0, 4), (0, 4, 0, 2), (6, 10, 6, 12))


def readings(count: int, seed: int = 0) -> Readings:
    rng = np.random.default_rng(seed)
    presence, extent, severities = rng.random((3, count, 12)).astype(np.float32)
    return Readings(presence, extent, 5 * severities, np.zeros((count, 35), np.float32))


def maps(seed: int = 1) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.random.default_rng(seed).random((13, 10, 12)).astype(np.float32)


def test_overlaps_are_shares_of_the_smaller_and_of_both_together() -> None:
    shared, alike = overlaps(THREE)
    np.testing.assert_allclose(shared, np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]]))
    np.testing.assert_allclose(alike, np.array([[1, 0.5, 0], [0.5, 1, 0], [0, 0, 1]]))


def test_damage_adds_up_as_far_as_it_is_expected() -> None:
    read = readings(3)
    presence, extent, severity = amounts(read, ANYTHING)
    expected = [float(np.dot(p, s)) for p, s in zip(read.presence, read.severities, strict=True)]
    assert severity.tolist() == pytest.approx(expected)
    assert presence.tolist() == read.presence.max(axis=1).tolist()
    assert extent.tolist() == read.extent.max(axis=1).tolist()
    one = [column.tolist() for column in amounts(read, 4)]
    assert one == [column[:, 4].tolist() for column in read[:3]]


@pytest.mark.parametrize("number", [0, 7, ANYTHING])
def test_regions_are_told_beside_each_other_whatever_their_order(number: int) -> None:
    read, seen = readings(3), maps()
    told = told_of(THREE, read, seen, number, 3)
    assert told.shape == (3, COUNT)
    assert told.dtype == np.float32
    assert np.isfinite(told).all()
    assert told[:, -13:].argmax(axis=1).tolist() == [number] * 3
    turned = Readings(*(part[::-1] for part in read))
    np.testing.assert_allclose(told_of(THREE[::-1], turned, seen, number, 3), told[::-1], rtol=1e-5, atol=1e-5)


def test_only_what_is_apart_counts_as_another_place() -> None:
    read = readings(3)
    told = told_of(THREE, read, maps(), 2, 2)
    good = read.presence[:, 2] * read.extent[:, 2]
    np.testing.assert_allclose(told[:, 15], [good[2], good[2], max(good[:2])], rtol=1e-5)
    np.testing.assert_allclose(told[:, 17], read.severities[[2, 2, int(good[:2].argmax())], 2], rtol=1e-5)
    assert told[:, 26].tolist() == [0, 0, 1]
    alone = told_of(THREE[:1], Readings(*(part[:1] for part in read)), maps(), 2, 1)
    assert alone[0, 15:18].tolist() == [0, 0, 0]


def test_means_are_those_of_the_map_inside_and_outside() -> None:
    seen = maps()
    told = told_of(THREE, readings(3), seen, 5, 3)
    for row, region in zip(told, THREE, strict=True):
        assert row[7] == pytest.approx(seen[5][region].mean(), rel=1e-4)
        assert row[8] == pytest.approx(seen[5][~region].mean(), rel=1e-4)
        assert row[11] == pytest.approx(seen[12][region].mean(), rel=1e-4)
    whole = told_of(regions((0, 10, 0, 12)), readings(1), seen, ANYTHING, 1)
    assert whole[0, 7] == pytest.approx(1 - seen[12].mean(), rel=1e-4)
    assert whole[0, 8] == pytest.approx(0, abs=1e-5)

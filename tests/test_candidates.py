import numpy as np

from quibble.candidates import CUTS, MAX_REGIONS, SHARES, overlap, propose, propose_among_likeliest, stacked


def maps() -> np.ndarray:
    out = np.full((13, 40, 40), 0.01, np.float32)
    out[12] = 0.95
    return out


def test_a_clean_picture_proposes_nothing() -> None:
    assert propose(maps()) == []


def test_a_defect_with_faint_surroundings_is_proposed_at_both_extents() -> None:
    categories = maps()
    categories[3, 5:25, 5:25] = 0.25
    categories[3, 10:20, 10:20] = 0.9
    sizes = sorted({int(region.sum()) for region in propose(categories)})
    assert any(abs(size - 100) <= 44 for size in sizes)
    assert any(abs(size - 400) <= 84 for size in sizes)


def test_an_extent_that_hardly_changes_is_proposed_once() -> None:
    categories = maps()
    categories[3, 5:35, 5:35] = 0.95
    assert 1 <= len(propose(categories)) < len(CUTS)


def test_what_no_category_claims_is_proposed_if_it_is_not_clean() -> None:
    categories = maps()
    categories[12, 10:30, 10:30] = 0.2
    assert all(region[20, 20] and not region[2, 2] for region in propose(categories))
    assert propose(categories)


def test_what_is_known_to_be_there_is_proposed_however_faint() -> None:
    faint = maps()[3]
    faint[5:15, 5:15] = 0.03
    regions = propose_among_likeliest(faint)
    assert len(regions) <= len(SHARES) * MAX_REGIONS
    assert any(region[6:14, 6:14].all() and not region[18:, 18:].any() for region in regions)


def test_overlap_is_of_the_smaller_one() -> None:
    small, large = np.zeros((4, 4), bool), np.zeros((4, 4), bool)
    small[0, :2] = True
    large[0, 1:] = large[1, :] = True
    assert overlap(small, large) == overlap(large, small) == 0.5
    assert stacked([], (4, 4)).shape == (0, 4, 4)

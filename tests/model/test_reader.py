import pytest
import torch

from quibble import streaks, tones
from quibble.model.reader import RegionReader, told_apart

WIDTHS = (3, 4, 5, 6)


def picture(rows: int, columns: int, seed: int = 0) -> tuple[torch.Tensor, list[torch.Tensor]]:
    rng = torch.Generator().manual_seed(seed)
    maps = torch.rand(60, rows, columns, generator=rng) * 0.8 + 0.1
    sizes = [(-(-rows // 2**k), -(-columns // 2**k)) for k in range(4)]
    return maps, [torch.randn(w, *size, generator=rng) for w, size in zip(WIDTHS, sizes, strict=True)]


def rectangle(rows: int, columns: int, top: int, left: int, bottom: int, right: int) -> torch.Tensor:
    out = torch.zeros(1, rows, columns)
    out[:, top:bottom, left:right] = 1
    return out


@pytest.mark.parametrize(("rows", "columns"), [(32, 48), (17, 33), (120, 81)])
def test_readings_of_any_size_are_in_range(rows: int, columns: int) -> None:
    maps, features = picture(rows, columns)
    regions = torch.cat([rectangle(rows, columns, 0, 0, 8, 8), torch.ones(1, rows, columns)])
    told = torch.rand(2, tones.COUNT), torch.rand(2, streaks.COUNT)
    read = RegionReader(WIDTHS, hidden=8).eval()(maps, features, regions, *told)
    assert [tuple(part.shape) for part in read] == [(2, 12), (2, 12), (2, 12), (2, 35)]
    assert 0 <= read.severities.min() <= read.severities.max() <= 5
    assert all(part.isfinite().all() for part in read)


def test_a_region_is_pooled_from_its_own_places_and_the_clean_rest() -> None:
    maps, features = picture(32, 32)
    region = rectangle(32, 32, 0, 0, 32, 16)
    before = RegionReader.pooled(maps, features, region)
    told, count = 13 + 12 + 35, 25
    inside, outside = before[0, :told], before[0, told : told + count]
    expected = maps[:, :, :16].mean((1, 2))
    torch.testing.assert_close(inside[13:], expected[13:], atol=1e-4, rtol=1e-4)
    weights = maps[12, :, 16:]
    away = (maps[13:25, :, 16:] * weights).sum((1, 2)) / weights.sum()
    torch.testing.assert_close(outside[13:], away, atol=1e-3, rtol=1e-3)
    # The finest scale's mean and deviation inside come right after the sizes.
    finest = before[0, told + count + 3 :]
    torch.testing.assert_close(finest[:3], features[0][:, :, :16].mean((1, 2)), atol=1e-3, rtol=1e-3)
    spread = features[0][:, :, :16].flatten(1).std(1, unbiased=False)
    torch.testing.assert_close(finest[3:6], spread, atol=1e-3, rtol=1e-3)


def test_places_outside_say_nothing_where_little_is_clean() -> None:
    maps, features = picture(32, 32)
    whole = RegionReader.pooled(maps, features, torch.ones(1, 32, 32))
    other = maps.clone()
    other[12] = 0
    dirty = RegionReader.pooled(other, features, rectangle(32, 32, 0, 0, 32, 16))
    for pooled in (whole, dirty):
        assert (pooled[0, 60:85] == 0).all()


def test_a_region_is_read_alike_alone_and_among_others() -> None:
    maps, features = picture(40, 24)
    model = RegionReader(WIDTHS, hidden=8).eval()
    regions = torch.cat([rectangle(40, 24, i, i, i + 12, i + 10) for i in range(6)])
    toned, streaked = torch.rand(6, tones.COUNT), torch.rand(6, streaks.COUNT)
    together = model(maps, features, regions, toned, streaked)
    alone = model(maps, features, regions[3:4], toned[3:4], streaked[3:4])
    torch.testing.assert_close(together.presence[3:4], alone.presence, atol=1e-5, rtol=1e-5)


def test_members_are_averaged() -> None:
    maps, features = picture(20, 24)
    region = rectangle(20, 24, 2, 3, 12, 20)
    both = RegionReader(WIDTHS, hidden=8, members=2).eval()
    pooled = torch.cat([both.pooled(maps, features, region), torch.rand(1, tones.COUNT + streaks.COUNT)], dim=1)
    alone = [told_apart(member(both.standardized(pooled))) for member in both.members]
    assert not torch.allclose(alone[0].presence, alone[1].presence)
    together = both.read(pooled)
    torch.testing.assert_close(together.presence, (alone[0].presence + alone[1].presence) / 2)
    assert together.severities.shape == (1, 12)

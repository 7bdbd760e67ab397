import pytest
import torch

from quibble.model.gauge import DamageGauge
from tests.model.test_reader import WIDTHS, picture

CHANNELS = sum(WIDTHS)


@pytest.mark.parametrize(("rows", "columns"), [(32, 48), (17, 33)])
def test_a_picture_is_told_by_means_and_deviations_of_its_channels(rows: int, columns: int) -> None:
    _, features = picture(rows, columns)
    told = DamageGauge.told(features)
    assert told.shape == (2 * CHANNELS,)
    torch.testing.assert_close(told[:3], features[0].mean((1, 2)))
    torch.testing.assert_close(told[3:6], features[0].flatten(1).std(1, unbiased=False))
    torch.testing.assert_close(told[-6:], features[3].flatten(1).std(1, unbiased=False))


def test_distance_from_the_original_is_taken_place_by_place() -> None:
    _, features = picture(32, 48)
    # Turned around, every channel has the same mean and deviation, and is not the same.
    turned = [scale.flip(2) for scale in features]
    torch.testing.assert_close(DamageGauge.told(turned), DamageGauge.told(features))
    apart = DamageGauge.apart(features, turned)
    torch.testing.assert_close(apart[:3], (features[0] - turned[0]).abs().mean((1, 2)))
    assert (apart > 0.1).all()
    assert (DamageGauge.apart(features, features) == 0).all()


def test_points_alone_do_not_depend_on_the_original() -> None:
    _, features = picture(32, 48)
    _, other = picture(32, 48, seed=1)
    torch.manual_seed(0)
    model = DamageGauge(WIDTHS, hidden=8).eval()
    alone, against = model(features, features, torch.zeros(3))
    again, further = model(features, other, torch.full((3,), 0.5))
    torch.testing.assert_close(alone, again)
    assert float((against - further).detach().abs()) > 1e-3
    assert alone.shape == against.shape == (1,)

import pytest
import torch
from torch.nn import functional

from quibble.model.fixed_maps import FixedMaps, LocalNormalization
from quibble.model.perception import Perception
from tests.model.test_perception import TINY


@pytest.mark.parametrize("shape", [(2, 1, 64, 64), (1, 1, 17, 90), (3, 1, 321, 481), (1, 1, 7, 5)])
def test_strips_smooth_as_one_gaussian_would(shape: tuple[int, ...]) -> None:
    picture = torch.rand(shape, generator=torch.Generator().manual_seed(0))
    line = torch.exp(-0.5 * (torch.arange(-3.0, 4.0) / (7 / 6)) ** 2)
    kernel = torch.outer(line, line) / line.sum() ** 2
    padded = functional.pad(picture, (3, 3, 3, 3), mode="replicate")
    mean = functional.conv2d(padded, kernel[None, None])
    normalized, deviation = LocalNormalization()(picture)
    assert normalized.shape == deviation.shape == picture.shape
    torch.testing.assert_close(picture - normalized * (deviation + 1 / 255), mean, atol=2e-6, rtol=1e-5)


def test_the_second_derivative_is_that_of_four_neighbours() -> None:
    ramp = torch.arange(12.0).mul(0.05).expand(1, 3, 10, 12)
    spot = ramp.clone()
    spot[..., 5, 6] += 0.04
    flat, found = (FixedMaps()(x)[0, 5] for x in (ramp, spot))
    assert flat[:, 1:-1].abs().max() < 2e-3
    assert float(found[5, 6]) == pytest.approx(0.16**0.5, abs=1e-3)
    assert float(found[4, 6]) == pytest.approx(-(0.04**0.5), abs=1e-3)


def test_the_maps_stay_exact_where_the_rest_is_in_half_precision() -> None:
    """A wall with noise of a thousandth: bfloat16 holds no such thing."""
    rgb = 0.7 + 1e-3 * torch.randn(1, 1, 64, 64, generator=torch.Generator().manual_seed(0)).expand(1, 3, 64, 64)
    model, seen = Perception(TINY).eval(), []
    model.vision.maps.register_forward_hook(lambda module, inputs, output: seen.append(output))
    with torch.no_grad():
        model.look(rgb)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            model.look(rgb)
    assert seen[1].dtype == torch.float32
    assert torch.equal(*seen)

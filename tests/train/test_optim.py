import pytest
import torch
from torch import nn

from quibble.errors import RecipeError
from quibble.train.optim import Muon, make_optimizer, orthogonal
from quibble.train.recipe import Optim


@pytest.mark.parametrize("shape", [(24, 200), (200, 24), (40, 40)])
def test_singular_values_are_brought_to_about_one(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    matrix = torch.randn(shape) @ torch.diag(torch.logspace(0, -1, shape[1]))
    before, after = torch.linalg.svdvals(matrix), torch.linalg.svdvals(orthogonal(matrix))
    assert before.max() / before.min() > 3
    assert 0.65 < after.min() < after.max() < 1.25


def test_the_steps_are_those_taken_on_the_matrix_itself() -> None:
    matrix = torch.randn(12, 30, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    x = matrix / matrix.norm()
    for _ in range(5):
        gram = x @ x.T
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    torch.testing.assert_close(orthogonal(matrix), x, rtol=1e-5, atol=1e-6)


class Layers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.vision = nn.ModuleDict({"stem": nn.Conv2d(3, 8, 3), "next": nn.Conv2d(8, 32, 3)})

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        seen: torch.Tensor = self.vision["next"](self.vision["stem"](x).relu())
        return seen


def learned(kind: str) -> tuple[Layers, dict[str, torch.Tensor], torch.optim.Optimizer]:
    torch.manual_seed(0)
    model = Layers()
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    optimizer = make_optimizer(model, Optim(kind=kind, lr=1e-2, weight_decay=0.0))
    model(torch.randn(2, 3, 16, 16)).square().mean().backward()
    optimizer.step()
    return model, {name: weight.detach() - before[name] for name, weight in model.named_parameters()}, optimizer


def test_kernels_inside_move_by_a_fifth_of_the_rate_and_the_ends_as_in_adamw() -> None:
    model, moved, optimizer = learned("muon")
    assert isinstance(optimizer, Muon)
    inner = moved["vision.next.weight"].flatten(1)
    # 32 rows of 72: all singular values about 0.2 * rate * sqrt(72)
    assert float(inner.square().mean().sqrt()) == pytest.approx(0.2 * 1e-2, rel=0.2)
    values = torch.linalg.svdvals(inner)
    assert values.max() < 2 * values.min()
    _, usual, _ = learned("adamw")
    for name in ("vision.stem.weight", "vision.stem.bias", "vision.next.bias"):
        torch.testing.assert_close(moved[name], usual[name])
    assert not torch.allclose(moved["vision.next.weight"], usual["vision.next.weight"])
    assert all(weight.grad is None for name, weight in model.named_parameters() if name == "vision.next.weight")


def test_momentum_is_part_of_the_state() -> None:
    model, _, optimizer = learned("muon")
    again = make_optimizer(model, Optim(kind="muon", lr=1e-2, weight_decay=0.0))
    again.load_state_dict(optimizer.state_dict())
    kernel = model.get_parameter("vision.next.weight")
    torch.testing.assert_close(again.state[kernel]["momentum"], optimizer.state[kernel]["momentum"])


def test_another_kind_is_an_error() -> None:
    with pytest.raises(RecipeError, match="adamw or muon, not 'sgd'"):
        make_optimizer(Layers(), Optim(kind="sgd"))

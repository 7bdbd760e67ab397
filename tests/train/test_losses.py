import math

import torch

from quibble.model.mask_decoder import Dense
from quibble.model.opinion import Opinion
from quibble.taxonomy import LEVEL_SCORES
from quibble.train.losses import dense_loss, level_targets, opinion_loss
from quibble.train.recipe import LossWeights
from quibble.train.sources import DenseItem


def _perfect(presence: torch.Tensor, severity: torch.Tensor, kind: torch.Tensor) -> Dense:
    clean = 1 - presence.amax(1, keepdim=True)
    logits = torch.cat([presence, clean], 1) * 40 - 20
    kinds = torch.nn.functional.one_hot(kind.clamp(min=0), 35).permute(0, 3, 1, 2).float() * 40
    return Dense(logits, severity, kinds)


def _truth() -> DenseItem:
    presence = torch.zeros(2, 12, 8, 8)
    severity = torch.zeros_like(presence)
    kind = torch.full((2, 8, 8), -1)
    presence[0, 3, :4] = 1
    severity[0, 3, :4] = 2.5
    kind[0, :4] = 7
    return DenseItem(torch.zeros(2, 3, 32, 32, dtype=torch.uint8), presence, severity, torch.ones(2, 8, 8), kind)


def test_perfect_maps_cost_nothing_and_wrong_ones_do() -> None:
    truth = _truth()
    perfect = _perfect(truth.presence, truth.severity, truth.kind)
    terms = dense_loss(perfect, truth, LossWeights())
    # Soft Dice counts the 11 categories that are absent as right only through its smoothing.
    assert {name: round(float(t), 3) for name, t in terms.items()} == dict.fromkeys(terms, 0.0)
    wrong = Dense(-perfect.categories, perfect.severities + 1, -perfect.kinds)
    assert all(float(t) > 0.05 for t in dense_loss(wrong, truth, LossWeights()).values())


def test_places_of_weight_zero_teach_nothing() -> None:
    truth = _truth()
    truth.weight[0, :4] = 0
    perfect = _perfect(truth.presence, truth.severity, truth.kind)
    spoiled = [t.clone() for t in perfect]
    for t in spoiled:
        t[0, :, :4] = 3.0
    first = dense_loss(perfect, truth, LossWeights())
    second = dense_loss(Dense(*spoiled), truth, LossWeights())
    assert first.keys() == second.keys()
    for name in first:
        torch.testing.assert_close(first[name], second[name])


def test_level_targets_sum_to_one_and_keep_the_mean() -> None:
    opinion = torch.tensor([0.0, 30.0, 50.0, 77.0, 100.0])
    targets = level_targets(opinion)
    torch.testing.assert_close(targets.sum(1), torch.ones(5))
    mean = targets @ torch.tensor(list(LEVEL_SCORES.values()))
    torch.testing.assert_close(mean[1:4], opinion[1:4], atol=2.5, rtol=0)
    assert targets[2].argmax() == 2
    assert targets[0, 4] > 0.75
    expected = 0.5 * (1 + math.erf((62.5 - 50) / 15 / math.sqrt(2)))
    assert abs(float(targets[2, 2:].sum()) - expected) < 1e-5


def test_opinion_loss_prefers_the_truth_and_the_right_order() -> None:
    truth = torch.tensor([20.0, 80.0])
    right = Opinion(level_targets(truth).clamp(min=1e-6).log(), torch.full((2, 1), 5.0))
    swapped = Opinion(right.levels.flip(0), right.spread)
    good, bad = (sum(opinion_loss(o, truth).values()) for o in (right, swapped))
    assert float(good) + 3 < float(bad)


def test_spread_is_cheapest_at_the_size_of_the_error() -> None:
    truth = torch.tensor([50.0, 50.0])
    levels = level_targets(torch.tensor([60.0, 60.0])).log()
    error = float((Opinion(levels, torch.ones(2, 1)).mean() - truth).abs()[0])
    costs = [
        float(opinion_loss(Opinion(levels, torch.full((2, 1), s * error)), truth)["spread"]) for s in (0.5, 1.0, 2.0)
    ]
    assert costs[1] == min(costs)

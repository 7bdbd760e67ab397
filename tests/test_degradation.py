from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest

from quibble.degradation import Degradation
from quibble.errors import ArgumentError
from quibble.taxonomy import Category, Distortion


def degradation(**changes: Any) -> Degradation:
    parts: dict[str, Any] = {
        "distortion": Distortion.BLUR_MOTION,
        "level": 2.5,
        "parameters": {"radius_px": 12.5, "sigma_px": 6, "seed": 2**53 - 1},
    }
    return Degradation(**parts | changes)


def test_round_trip_through_json_keeps_every_bit() -> None:
    original = degradation(parameters={"angle_deg": 0.1 + 0.2, "seed": 2**53 - 1})
    again = Degradation.from_dict(json.loads(json.dumps(original.to_dict())))
    assert again == original
    assert again.parameters["seed"] == 2**53 - 1
    assert isinstance(again.parameters["seed"], int)
    assert again.parameters["angle_deg"] == 0.1 + 0.2
    assert again.category is Category.BLUR


def test_it_is_a_value() -> None:
    one, two = degradation(), degradation()
    assert one == two
    assert hash(one) == hash(two)
    assert one != degradation(level=3)
    assert one != degradation(parameters={})
    assert pickle.loads(pickle.dumps(one)) == one
    assert copy.deepcopy(one) == one


def test_it_cannot_be_changed_from_outside() -> None:
    parameters = {"sigma_px": 1.0}
    frozen = degradation(parameters=parameters)
    parameters["sigma_px"] = 9.0
    assert frozen.parameters["sigma_px"] == 1.0
    with pytest.raises(TypeError):
        frozen.parameters["sigma_px"] = 2.0  # type: ignore[index]
    with pytest.raises(AttributeError):
        frozen.level = 3  # type: ignore[misc]


@pytest.mark.parametrize("level", [0.5, 5.5, float("nan")])
def test_the_level_has_a_range(level: float) -> None:
    with pytest.raises(ArgumentError, match=r"1\.\.5"):
        degradation(level=level)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"distortion": "blur.motoin"}, "did you mean blur.motion"),
        ({"distortion": 7}, "object"),
        ({"level": "2"}, "'level' is a number"),
        ({"level": True}, "'level' is a number"),
        ({"parameters": {"sigma_px": None}}, "'sigma_px' is a number"),
        ({"parameters": {"sigma_px": float("nan")}}, "'sigma_px' is a finite number"),
        ({"parameters": [1]}, "object"),
    ],
)
def test_malformed_objects_are_named(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        Degradation.from_dict(degradation().to_dict() | changes)


@pytest.mark.parametrize("field", ["distortion", "level", "parameters"])
def test_missing_fields_are_named(field: str) -> None:
    data = degradation().to_dict()
    del data[field]
    with pytest.raises(ArgumentError, match=f"needs the field '{field}'"):
        Degradation.from_dict(data)

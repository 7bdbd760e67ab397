"""LoRA, injected by walking the modules of the language model, and taken out again by adding it to the weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from quibble.errors import MissingExtraError, ModelError

#: What names of adapter weights have, and no others.
_MARK = "lora_"


@dataclass(frozen=True, kw_only=True)
class Lora:
    """Low-rank adapters. rank 0: none. Defaults: DepictQA's."""

    rank: int = 16
    alpha: int = 16
    dropout: float = 0.0
    #: ends of the names of the linear layers that get one
    targets: tuple[str, ...] = ("q_proj", "k_proj", "v_proj", "o_proj")


def inject(llama: Any, lora: Lora) -> None:
    """Give the linear layers that are named in `lora` adapters, which start without effect.

    Raises ModelError if no layer has such a name.
    """
    peft = _peft()
    names = [name for name, module in llama.named_modules() if isinstance(module, nn.Linear)]
    missing = [target for target in lora.targets if not any(name.split(".")[-1] == target for name in names)]
    if missing:
        known = sorted({name.split(".")[-1] for name in names})
        raise ModelError(f"the language model has no linear layers '{missing[0]}'; it has {', '.join(known)}")
    config = peft.LoraConfig(
        r=lora.rank, lora_alpha=lora.alpha, lora_dropout=lora.dropout, target_modules=list(lora.targets)
    )
    peft.inject_adapter_in_model(config, llama)


def merge(llama: Any) -> None:
    """Add the adapters to the weights and take them out: the same sums with one product less a layer."""
    layer_type = _peft().tuners.tuners_utils.BaseTunerLayer
    adapted = [(name, module) for name, module in llama.named_modules() if isinstance(module, layer_type)]
    for name, module in adapted:
        module.merge()
        parent, _, last = name.rpartition(".")
        setattr(llama.get_submodule(parent), last, module.get_base_layer())
    del llama.peft_config


def split(weights: dict[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """(the weights under their own names as if nothing had been injected, those of the adapters)."""
    own = {name.replace(".base_layer.", "."): value for name, value in weights.items() if _MARK not in name}
    return own, {name: value for name, value in weights.items() if _MARK in name}


def is_adapter(name: str) -> bool:
    """Whether a parameter belongs to an adapter."""
    return _MARK in name


def _peft() -> Any:
    try:
        import peft
    except ModuleNotFoundError as error:
        raise MissingExtraError("peft", "train") from error
    return peft

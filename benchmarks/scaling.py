"""What training costs, by arithmetic, held against what small runs really keep and compute. See docs/scaling.md.

    python benchmarks/scaling.py

Small models of LLaMA's proportions take one step as the trainer takes it. Counted are the floating-point operations,
the bytes kept for the backward pass (each storage once, weights left out), and those of weights, gradients and moments.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode
from transformers import LlamaConfig, LlamaForCausalLM

from quibble.model.adapters import Lora, inject, is_adapter
from quibble.model.language import IGNORED, Language, learned_tokens

#: LLaMA-7B: layers, width, inner width, heads, vocabulary.
LLAMA_7B = (32, 4096, 11008, 32, 32000)
#: Bytes that are kept for the backward pass in half precision, as small runs show them: for each layer, token and
#: channel; for each token and channel once; and for each weight of the layers and of the output, which is kept rounded.
KEPT = {"full": (55.6, 9.5, 2, 2), "lora": (41.5, 0, 0, 0), "recompute": (4.0, 9.5, 0, 2)}
#: Times the forward pass: a backward one takes two, or one if the weights want no gradient.
PASSES = {"full": (3, 3), "lora": (2, 2), "recompute": (4, 3)}


@dataclass(frozen=True, kw_only=True)
class Cost:
    """flops: of a step. kept: bytes for the backward pass. state: bytes of weights, gradients and moments."""

    flops: float
    kept: float
    state: float


def parameters(layers: int, width: int, inner: int, heads: int, vocabulary: int) -> tuple[int, int]:
    """Of the layers, and of both ends."""
    return layers * (4 * width * width + 3 * width * inner), 2 * vocabulary * width


def predicted(size: tuple[int, int, int, int, int], tokens: int, mode: str) -> Cost:
    """One row of so many tokens, half of them learned. mode: "full", "lora" or "recompute" (full, computed twice)."""
    layers, width, _, _, vocabulary = size
    inside, ends = parameters(*size)
    learned, adapters = tokens // 2, layers * 8 * width * 16
    within, beyond = PASSES[mode]
    # Queries with keys, and weights with values, whose backward passes always take two.
    attention = 4 * layers * width * tokens**2
    flops = within * 2 * inside * tokens + (within + (mode == "lora")) * attention
    # Logits are made only where something is learned.
    flops += beyond * 2 * vocabulary * width * learned
    each, once, weights, output = KEPT[mode]
    kept = each * layers * width * tokens + once * width * tokens + weights * inside + output * vocabulary * width
    state = 16 * (inside + ends) if mode != "lora" else 2 * (inside + ends) + 16 * adapters
    return Cost(flops=flops, kept=kept + 4 * learned * vocabulary, state=state)


def measured(size: tuple[int, int, int, int, int], tokens: int, mode: str) -> Cost:
    """The same of a real step."""
    state, kept, _ = step(size, tokens, mode, "sdpa")
    # The counter does not know the fused attention.
    return Cost(flops=step(size, tokens, mode, "eager")[2], kept=kept, state=state)


def step(size: tuple[int, int, int, int, int], tokens: int, mode: str, attention: str) -> tuple[float, float, float]:
    """One step of the trainer's kind. Returns bytes of state, bytes kept, and operations."""
    layers, width, inner, heads, vocabulary = size
    torch.manual_seed(0)
    make: Any = LlamaForCausalLM
    configure: Any = LlamaConfig
    config = configure(
        num_hidden_layers=layers,
        hidden_size=width,
        intermediate_size=inner,
        num_attention_heads=heads,
        vocab_size=vocabulary,
        use_cache=False,
        attn_implementation=attention,
    )
    llama = make(config).train()
    if mode == "lora":
        llama.to(torch.bfloat16).requires_grad_(False)
        inject(llama, Lora(rank=16, alpha=16))
        for name, weight in llama.named_parameters():
            weight.requires_grad_(is_adapter(name))
            weight.data = weight.data.float() if is_adapter(name) else weight.data
    if mode == "recompute":
        enable = getattr(llama, "activation_checkpointing_enable", None) or llama.gradient_checkpointing_enable
        enable({"use_reentrant": False})
    optimizer = torch.optim.AdamW([p for p in llama.parameters() if p.requires_grad])
    language = Language(llama, places=(3,))
    ids = torch.randint(4, vocabulary, (1, tokens))
    labels = ids.clone()
    labels[:, : tokens // 2] = IGNORED
    own = {weight.untyped_storage().data_ptr() for weight in llama.parameters()}
    kept: dict[int, int] = {}

    def keep(value: Tensor) -> Tensor:
        storage = value.untyped_storage()
        if storage.data_ptr() not in own and not isinstance(value, torch.nn.Parameter):
            kept[storage.data_ptr()] = storage.nbytes()
        alive.append(value)
        return value

    alive: list[Tensor] = []
    counter = FlopCounterMode(display=False)
    with counter:
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda value: value), torch.autocast("cpu", torch.bfloat16):
            loss = learned_tokens(language, language(ids), labels).loss
        torch.autograd.backward(loss)
    alive.clear()
    optimizer.step()
    tensors = [*llama.parameters(), *(p.grad for p in llama.parameters() if p.grad is not None)]
    tensors += [value for state in optimizer.state.values() for value in state.values() if torch.is_tensor(value)]
    return sum(value.nbytes for value in tensors), sum(kept.values()), counter.get_total_flops()


def main() -> None:
    print("| layers | width | tokens | mode | operations | kept | state |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for layers, width, tokens in ((2, 256, 256), (4, 256, 256), (2, 512, 256), (2, 256, 512)):
        size = (layers, width, round(2.6875 * width), 8, 512)
        for mode in KEPT:
            guess, found = predicted(size, tokens, mode), measured(size, tokens, mode)
            ratios = [getattr(found, name) / getattr(guess, name) for name in ("flops", "kept", "state")]
            print(
                f"| {layers} | {width} | {tokens} | {mode} | " + " | ".join(f"{ratio:.2f}" for ratio in ratios) + " |"
            )
    inside, ends = parameters(*LLAMA_7B)
    print(f"\n7B: {(inside + ends) / 1e9:.2f}e9 parameters")
    for mode in KEPT:
        cost = predicted(LLAMA_7B, 1024, mode)
        print(
            f"{mode}: {cost.flops / 1e12:.0f} TFLOP and {cost.kept / 2**30:.1f} GiB kept a sample of 1,024 tokens, "
            f"{cost.state / 2**30:.1f} GiB of state"
        )


if __name__ == "__main__":
    main()

"""The language half: a LLaMA decoder, tiny for nano, that reads visual tokens among its words.

Two forms of one network. `Language` wraps transformers' LlamaForCausalLM, for training and so that a checkpoint of
any size drops in. `CachedStep` does the same sums with the key/value cache as a plain tensor in and out: that is
what is exported.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

#: Label of tokens that are read but not learned: questions, evidence, padding.
IGNORED = -100


@dataclass(frozen=True, kw_only=True)
class LanguageConfig:
    """Sizes of the decoder. Defaults: nano, 5.5 million parameters; the embeddings serve both ends."""

    vocabulary: int = 4096
    width: int = 256
    layers: int = 6
    heads: int = 4
    #: heads of keys and values, each shared by heads / key_value_heads queries
    key_value_heads: int = 2
    intermediate: int = 704
    context: int = 640
    #: numbers of the tokens in whose places visual tokens go: of pictures, and of regions. Their own embeddings mean
    #: "not looked at".
    image_token: int = 3
    region_token: int = 4
    #: visual tokens of one picture
    visual_tokens: int = 8


def make_llama(config: LanguageConfig) -> Any:
    """A LlamaForCausalLM of these sizes with random weights."""
    # Here, because it takes seconds to load, and whoever only reads the sizes has no use for it.
    from transformers import LlamaConfig, LlamaForCausalLM

    llama: Any = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=config.vocabulary,
            hidden_size=config.width,
            num_hidden_layers=config.layers,
            num_attention_heads=config.heads,
            num_key_value_heads=config.key_value_heads,
            intermediate_size=config.intermediate,
            max_position_embeddings=config.context,
            tie_word_embeddings=True,
            rms_norm_eps=1e-5,
            use_cache=False,
            bos_token_id=None,
            eos_token_id=None,
        )
    )
    # Half as fast again on a CPU as the fused attention, at these lengths in half precision.
    llama.set_attn_implementation("eager")
    return llama


class Language(nn.Module):
    """A LLaMA whose `<image>` and `<region>` tokens are replaced by visual tokens where a picture was looked at.

    llama: a LlamaForCausalLM of any size. places: numbers of the tokens that may be replaced. Rows of a batch are
    padded on the right; attention is causal, so nothing that counts ever sees the padding, and samples share no row.
    """

    def __init__(self, llama: Any, *, places: tuple[int, ...]) -> None:
        super().__init__()
        self.llama = llama
        self.places = places

    @classmethod
    def random(cls, config: LanguageConfig) -> Language:
        """A model of these sizes with random weights."""
        return cls(make_llama(config), places=(config.image_token, config.region_token))

    def embed(self, ids: Tensor, visual: Tensor | None = None) -> Tensor:
        """(B, T) ids -> (B, T, D). visual: (N, D), one row for each token to replace, batch row by row.

        None: the pictures were not looked at. Raises ValueError if there are more or fewer rows than places.
        """
        embedded: Tensor = self.llama.model.embed_tokens(ids)
        if visual is None:
            return embedded
        places = is_any(ids, self.places)
        if int(places.sum()) != len(visual):
            raise ValueError(f"{int(places.sum())} places for visual tokens but {len(visual)} visual tokens")
        return embedded.masked_scatter(places.unsqueeze(-1), visual.to(embedded.dtype))

    def forward(self, ids: Tensor, visual: Tensor | None = None) -> Tensor:
        """(B, T) ids, and visual tokens as for embed -> the last hidden states, normalised, (B, T, D)."""
        return self.continued(self.embed(ids, visual))

    def continued(self, embedded: Tensor) -> Tensor:
        """Embeddings -> the last hidden states, normalised. (B, T, D) -> the same shape."""
        hidden: Tensor = self.llama.model(inputs_embeds=embedded, use_cache=False).last_hidden_state
        return hidden

    def logits(self, hidden: Tensor) -> Tensor:
        """(..., D) -> (..., vocabulary)"""
        out: Tensor = self.llama.lm_head(hidden)
        return out


def is_any(ids: Tensor, tokens: tuple[int, ...]) -> Tensor:
    """Where ids are one of the tokens. The shape of ids, bool."""
    return torch.stack([ids == token for token in tokens]).any(0)


class Learned(NamedTuple):
    """loss: summed over the tokens learned, by their weights. tokens, right: how many, and at how many the truth was
    the likeliest."""

    loss: Tensor
    tokens: Tensor
    right: Tensor


def answer_weights(labels: Tensor, balance: float) -> Tensor:
    """What each token of an answer of n tokens counts: n to the power of -balance. (B, T) -> (B, T), 0 elsewhere.

    Long answers are mostly wording; a letter or a yes decides as much as a paragraph. 0: all tokens count the same; 1:
    all answers do.
    """
    learned = labels != IGNORED
    starts = learned & ~functional.pad(learned, (1, 0))[:, :-1]
    number = starts.flatten().cumsum(0)
    lengths = torch.bincount(number, weights=learned.flatten()).clamp(min=1)
    return (lengths[number].float() ** -balance).view_as(labels) * learned


def learned_tokens(model: Language, hidden: Tensor, labels: Tensor, *, balance: float = 0.0) -> Learned:
    """Cross-entropy of each labelled token given all before it. Hidden states (B, T, D), labels (B, T).

    labels are not shifted: labels[i] is the token at i, or IGNORED. balance: see answer_weights. Logits are made only
    where something is learned.
    """
    targets = labels[:, 1:]
    chosen = targets != IGNORED
    logits = model.logits(hidden[:, :-1][chosen]).float()
    wanted = targets[chosen]
    right = (logits.argmax(-1) == wanted).sum()
    weights = answer_weights(labels, balance)[:, 1:][chosen]
    loss = (functional.cross_entropy(logits, wanted, reduction="none") * weights).sum()
    return Learned(loss, chosen.sum(), right)


class CachedStep(nn.Module):
    """One conversation read piece by piece: tokens and what was kept of those before -> logits and what to keep.

    Deviations from transformers' code: no batch; one tensor for the whole cache, its first axis the tokens, so that
    a buffer can be cut and appended to without copying; queries that share a key are multiplied with it together.
    """

    def __init__(self, language: Language) -> None:
        super().__init__()
        config = language.llama.config
        self.model, self.head = language.llama.model, language.llama.lm_head
        self.places = language.places
        self.key_value_heads = int(config.num_key_value_heads)
        self.size = int(self.model.layers[0].self_attn.head_dim)
        self.layers = int(config.num_hidden_layers)

    def forward(self, ids: Tensor, visual: Tensor, past: Tensor, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Read T tokens after P others.

        ids: (T,). visual: (N, D), one row for each place in ids, or none at all: then the pictures were not
        looked at. past: (P, layers, 2, key_value_heads, size). rows: (R,), the tokens whose successors are asked for.
        Returns logits (R, vocabulary), hidden states (R, D) and what to append to past, (T, ...).
        """
        x = self._embed(ids, visual)
        before, length = past.shape[0], ids.shape[0]
        places = torch.arange(length, device=ids.device) + before
        cosine, sine = self.model.rotary_emb(x.unsqueeze(0), places.unsqueeze(0))
        rotation = (cosine[0].unsqueeze(1), sine[0].unsqueeze(1))
        unseen = torch.arange(before + length, device=ids.device).unsqueeze(0) > places.unsqueeze(1)
        kept = []
        for number, layer in enumerate(self.model.layers):
            attended, added = self._attend(layer.self_attn, layer.input_layernorm(x), past[:, number], rotation, unseen)
            x = x + attended
            x = x + layer.mlp(layer.post_attention_layernorm(x))
            kept.append(added)
        hidden = self.model.norm(x.index_select(0, rows))
        return self.head(hidden), hidden, torch.stack(kept, dim=1)

    def _embed(self, ids: Tensor, visual: Tensor) -> Tensor:
        places = is_any(ids, self.places)
        numbers = (places.long().cumsum(0) - 1).clamp(min=0)
        # One row more than there are, so that none at all can be indexed.
        rows = torch.cat([visual, visual.new_zeros(1, visual.shape[1])])
        seen = rows.index_select(0, torch.minimum(numbers, torch.zeros_like(ids) + visual.shape[0]))
        looked = places & (numbers < visual.shape[0])
        return torch.where(looked.unsqueeze(1), seen, self.model.embed_tokens(ids))

    def _attend(
        self, attention: Any, x: Tensor, past: Tensor, rotation: tuple[Tensor, Tensor], unseen: Tensor
    ) -> tuple[Tensor, Tensor]:
        """(T, D), (P, 2, K, size) -> (T, D), and the new keys and values, (T, 2, K, size)."""
        length, heads, size = x.shape[0], self.key_value_heads, self.size
        query = _rotate(attention.q_proj(x).view(length, -1, size), rotation)
        key = _rotate(attention.k_proj(x).view(length, heads, size), rotation)
        added = torch.stack([key, attention.v_proj(x).view(length, heads, size)], dim=1)
        keys, values = torch.cat([past, added]).unbind(1)
        shared = query.shape[1] // heads
        query = query.view(length, heads, shared, size).permute(1, 2, 0, 3).reshape(heads, shared * length, size)
        scores = (query * size**-0.5) @ keys.permute(1, 2, 0)
        scores = scores.view(heads, shared, length, -1).masked_fill(unseen, float("-inf"))
        weights = scores.softmax(-1).view(heads, shared * length, -1)
        seen = (weights @ values.permute(1, 0, 2)).view(heads, shared, length, size)
        return attention.o_proj(seen.permute(2, 0, 1, 3).reshape(length, -1)), added


def _rotate(x: Tensor, rotation: tuple[Tensor, Tensor]) -> Tensor:
    """Rotary positions. (T, heads, size), cosines and sines (T, 1, size) -> the same shape. Source: RoFormer eq. 34."""
    cosine, sine = rotation
    first, second = x.chunk(2, dim=-1)
    return x * cosine + torch.cat([-second, first], dim=-1) * sine

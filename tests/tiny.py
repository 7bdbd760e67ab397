"""Tiny random models on disk in the layouts of real checkpoints: 2 or 3 layers, width 32."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import torch

VOCABULARY = 300
IMAGE = 299
LLAVA_TILES = ((1, 2), (2, 1), (2, 2))


def vision_config(kind: str = "clip") -> Any:
    from transformers import CLIPVisionConfig, SiglipVisionConfig

    cls: Any = {"clip": CLIPVisionConfig, "siglip": SiglipVisionConfig}[kind]
    return cls(
        hidden_size=32, num_hidden_layers=3, num_attention_heads=2, intermediate_size=48, image_size=28, patch_size=14
    )


def text_config() -> Any:
    from transformers import LlamaConfig

    return LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=48,
        max_position_embeddings=512,
        initializer_range=0.2,
    )


def save_vision(folder: Path) -> None:
    from transformers import CLIPVisionModel

    torch.manual_seed(1)
    CLIPVisionModel(vision_config()).save_pretrained(folder)


def save_language(folder: Path, *, tokenizer: bool = False) -> None:
    from transformers import LlamaForCausalLM

    torch.manual_seed(2)
    LlamaForCausalLM(text_config()).save_pretrained(folder)
    if tokenizer:
        make_tokenizer().save_pretrained(folder)


def save_llava(folder: Path, *, vision: str = "clip", layers: Any = -2, tokenizer: bool = False) -> None:
    from transformers import LlavaConfig, LlavaForConditionalGeneration

    torch.manual_seed(3)
    config = LlavaConfig(
        vision_config=vision_config(vision),
        text_config=text_config(),
        image_token_index=IMAGE,
        vision_feature_layer=layers,
        vision_feature_select_strategy="default" if vision == "clip" else "full",
    )
    LlavaForConditionalGeneration(config).save_pretrained(folder)
    if tokenizer:
        make_tokenizer().save_pretrained(folder)


def save_llava_next(folder: Path, *, tokenizer: bool = False) -> None:
    from transformers import LlavaNextConfig, LlavaNextForConditionalGeneration

    torch.manual_seed(4)
    config = LlavaNextConfig(
        vision_config=vision_config(),
        text_config=text_config(),
        image_token_index=IMAGE,
        image_grid_pinpoints=[[28 * rows, 28 * columns] for rows, columns in LLAVA_TILES],
    )
    LlavaNextForConditionalGeneration(config).save_pretrained(folder)
    if tokenizer:
        make_tokenizer().save_pretrained(folder)


@cache
def make_tokenizer() -> Any:
    """Bytes, with <s>, </s> and <image> where a LLaVA checkpoint's tokenizer has them."""
    import tokenizers
    from tokenizers import decoders, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    pieces = {"<unk>": 0, "<s>": 1, "</s>": 2} | {piece: number + 3 for number, piece in enumerate(alphabet)}
    inner = tokenizers.Tokenizer(models.BPE(vocab=pieces, merges=[], unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    inner.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    inner.add_special_tokens(["<unk>", "<s>", "</s>"])
    for number in range(len(pieces), IMAGE):
        inner.add_tokens([f"<unused{number}>"])
    inner.add_special_tokens(["<image>"])
    make: Any = PreTrainedTokenizerFast
    return make(tokenizer_object=inner, bos_token="<s>", eos_token="</s>", unk_token="<unk>")

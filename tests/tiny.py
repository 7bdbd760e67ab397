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


def save_native_llava(folder: Path) -> None:
    """A LLaVA-1.5 checkpoint with its processor and chat template, as the Hub has it."""
    from transformers import LlavaProcessor
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    save_llava(folder)
    pictures: Any = CLIPImageProcessorPil
    make: Any = LlavaProcessor
    processor = make(
        pictures(size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28}),
        make_tokenizer(),
        patch_size=14,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=(
            "{% for m in messages %}{{ m['role'].upper() }}: {% for c in m['content'] %}"
            "{% if c['type'] == 'image' %}<image>\n{% else %}{{ c['text'] }}{% endif %}{% endfor %} {% endfor %}"
            "{% if add_generation_prompt %}ASSISTANT:{% endif %}"
        ),
    )
    processor.save_pretrained(folder)


def save_qwen(folder: Path) -> None:
    """A Qwen2.5-VL checkpoint, whose processor also wants to take videos."""
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    tokenizer = make_tokenizer.__wrapped__()
    names = ["<|image_pad|>", "<|vision_start|>", "<|vision_end|>", "<|video_pad|>"]
    tokenizer.add_special_tokens({"additional_special_tokens": names})
    image, start, end, video = tokenizer.convert_tokens_to_ids(names)
    tokenizer.chat_template = (
        "{% for m in messages %}<s>{{ m['role'] }}\n{% for c in m['content'] %}{% if c['type'] == 'image' %}"
        "<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ c['text'] }}{% endif %}{% endfor %}</s>\n"
        "{% endfor %}{% if add_generation_prompt %}<s>assistant\n{% endif %}"
    )
    torch.manual_seed(5)
    text = {
        "vocab_size": 310,
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "intermediate_size": 48,
        "initializer_range": 0.2,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "rope_parameters": {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 10000.0},
    }
    vision = {
        "depth": 2,
        "hidden_size": 32,
        "num_heads": 2,
        "intermediate_size": 48,
        "out_hidden_size": 32,
        "fullatt_block_indexes": [1],
    }
    config = Qwen2_5_VLConfig(
        text_config=text,
        vision_config=vision,
        image_token_id=image,
        video_token_id=video,
        vision_start_token_id=start,
        vision_end_token_id=end,
    )
    Qwen2_5_VLForConditionalGeneration(config).save_pretrained(folder)
    pictures: Any = Qwen2VLImageProcessorPil
    pictures(min_pixels=28 * 28, max_pixels=28 * 28 * 16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)

"""Tiny random models, saved as the real ones are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import transformers

SIDE = 64


def save_sam(folder: Path) -> Path:
    """A SAM of two layers and width 32 that takes pictures of 64 x 64."""
    torch.manual_seed(0)
    sizes: dict[str, Any] = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    vision = {**sizes, "image_size": SIDE, "patch_size": 8, "output_channels": 16, "mlp_dim": 32, "window_size": 4}
    config = transformers.SamConfig(
        vision_config={**vision, "global_attn_indexes": [1], "num_pos_feats": 8},
        prompt_encoder_config={
            "hidden_size": 16, "image_size": SIDE, "patch_size": 8, "image_embedding_size": 8, "mask_input_channels": 8
        },
        mask_decoder_config={
            "hidden_size": 16, "mlp_dim": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
            "iou_head_depth": 2, "iou_head_hidden_dim": 16,
        },
    )  # fmt: skip
    _save(transformers.SamModel(config), folder)
    return folder


def save_sam2(folder: Path) -> Path:
    """A SAM 2 of five blocks that takes pictures of 64 x 64."""
    torch.manual_seed(0)
    hiera = transformers.Sam2HieraDetConfig(
        hidden_size=8,
        num_attention_heads=1,
        image_size=[SIDE, SIDE],
        window_positional_embedding_background_size=[4, 4],
        blocks_per_stage=[1, 1, 2, 1],
        embed_dim_per_stage=[8, 16, 32, 64],
        num_attention_heads_per_stage=[1, 1, 2, 2],
        window_size_per_stage=[4, 4, 2, 2],
        global_attention_blocks=[3],
    )
    vision = transformers.Sam2VisionConfig(
        backbone_config=hiera,
        backbone_channel_list=[64, 32, 16, 8],
        backbone_feature_sizes=[[16, 16], [8, 8], [4, 4]],
        fpn_hidden_size=32,
    )
    config = transformers.Sam2Config(
        vision_config=vision,
        prompt_encoder_config={"hidden_size": 32, "image_size": SIDE, "patch_size": 16, "mask_input_channels": 8},
        mask_decoder_config={
            "hidden_size": 32, "mlp_dim": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
            "iou_head_depth": 3, "iou_head_hidden_dim": 16,
        },
    )  # fmt: skip
    _save(transformers.Sam2Model(config), folder)
    return folder


def _save(model: Any, folder: Path) -> None:
    """Save a SAM whose masks are as sure of themselves as a trained one's."""
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if weights.ndim > 1:
                weights *= 30 if "upscale" in name or "hypernetworks" in name else 6
    model.save_pretrained(folder)


WORDS = ("the", "a", "man", "blurry", "cup", "wearing", "white", "t", "shirt", "-", ".")


def save_grounding_dino(folder: Path) -> Path:
    """A Grounding DINO of one layer with a BERT tokenizer that knows a few words."""
    torch.manual_seed(0)
    swin: Any = transformers.SwinConfig
    backbone = swin(
        image_size=SIDE, patch_size=4, embed_dim=8, depths=[1, 1, 1, 1], num_heads=[1, 2, 2, 2], window_size=4,
        out_indices=[2, 3, 4],
    )  # fmt: skip
    text = transformers.BertConfig(
        vocab_size=len(WORDS) + 5,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=256,
    )
    config = transformers.GroundingDinoConfig(
        backbone_config=backbone, text_config=text, num_queries=6, d_model=32, encoder_layers=1, decoder_layers=2,
        encoder_ffn_dim=16, decoder_ffn_dim=16, encoder_attention_heads=2, decoder_attention_heads=2,
    )  # fmt: skip
    transformers.GroundingDinoForObjectDetection(config).save_pretrained(folder)
    vocabulary = {word: index for index, word in enumerate(("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS))}
    transformers.BertTokenizer(vocab=vocabulary).save_pretrained(folder)
    return folder

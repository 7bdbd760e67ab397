"""A processor of transformers for an exported model: it asks it as it was taught and cuts pictures as it saw them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from quibble.model.composition import Composition


def make_processor(composition: Composition, template: Mapping[str, str], tokenizer: Any, *, patch: int) -> Any:
    """A LlavaProcessor or LlavaNextProcessor. template: the fields of quibble.text.template.Template."""
    from transformers import LlavaNextProcessor, LlavaProcessor

    kind: Any = LlavaNextProcessor if composition.tiles else LlavaProcessor
    return kind(
        _pictures(composition),
        tokenizer,
        patch_size=patch,
        # Counted as places alone: one token for the class, which is then taken off again.
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=_chat_template(template, str(tokenizer.eos_token)),
        image_token=str(tokenizer.convert_ids_to_tokens(composition.image_token)),
    )


def _pictures(composition: Composition) -> Any:
    """The image processor that makes a picture square, or cuts it, as the composition says."""
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
    from transformers.models.llava.image_processing_pil_llava import LlavaImageProcessorPil
    from transformers.models.llava_next.image_processing_pil_llava_next import LlavaNextImageProcessorPil

    side = composition.side
    whole = {"height": side, "width": side}
    common: dict[str, Any] = {"image_mean": list(composition.mean), "image_std": list(composition.std)}
    if composition.tiles:
        grids = [[rows * side, columns * side] for rows, columns in composition.tiles]
        next_kind: Any = LlavaNextImageProcessorPil
        return next_kind(size={"shortest_edge": side}, crop_size=whole, image_grid_pinpoints=grids, **common)
    if composition.fit == "pad":
        pad_kind: Any = LlavaImageProcessorPil
        return pad_kind(size={"shortest_edge": side}, crop_size=whole, do_pad=True, **common)
    kind: Any = CLIPImageProcessorPil
    if composition.fit == "crop":
        return kind(size={"shortest_edge": side}, crop_size=whole, **common)
    return kind(size=whole, do_center_crop=False, **common)


def _chat_template(template: Mapping[str, str], end: str) -> str:
    """Jinja that lays messages out as the template does. Tags for pictures are the asker's to write."""
    system, before, after, end = (
        json.dumps(text) for text in (template["system"], template["before"], template["after"], end)
    )
    return (
        "{{ " + system + " }}{% for message in messages %}"
        "{% if message['role'] == 'user' %}{{ " + before + " }}"
        "{% for part in message['content'] if part['type'] == 'image' %}{{ '<image>\n' }}{% endfor %}"
        "{% for part in message['content'] if part['type'] == 'text' %}{{ part['text'] }}{% endfor %}{{ "
        + after
        + " }}"
        "{% elif message['role'] == 'assistant' %}{{ ' ' }}"
        "{% for part in message['content'] if part['type'] == 'text' %}{{ part['text'] }}{% endfor %}{{ " + end + " }}"
        "{% endif %}{% endfor %}"
    )

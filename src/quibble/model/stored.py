"""Models on disk: folders of this package, LLaVA checkpoints of the Hub, and the way back to LLaVA's own layout.

A folder holds config.json (how the parts are joined), joined.safetensors (what joins them), vision/ and language/
(each a folder that transformers loads by itself; the tokenizer is in the latter) and, with LoRA that was not merged,
adapters.safetensors.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from quibble.errors import ModelError
from quibble.model import adapters
from quibble.model.adapters import Lora
from quibble.model.composition import Composition, Masks, compose
from quibble.model.lmm import Lmm
from quibble.model.processor import make_processor
from quibble.model.tower import Mlp, Tower

#: model_type in config.json of this package's folders.
KIND: Final = "quibble_lmm"
_LLAVA: Final = ("llava", "llava_next")
#: What the names of the two halves' weights begin with in the whole.
_VISION: Final = "eyes.vision."
_LANGUAGE: Final = "language.llama."
#: What of a composition decides a projector's form.
_PROJECTOR: Final = ("projector", "projected", "bias", "grid", "width", "heads")


class Stored:
    """A composed model with what must be known of it to use it and to save it again.

    model: in evaluation mode as it comes. lora: the adapters that are in it and were not merged. template: how text
    is laid out for it (the fields of quibble.text.template.Template), empty where the checkpoint does not say. name:
    what it is called, such as the recipe that made it.
    """

    def __init__(
        self, model: Lmm, composition: Composition, template: Mapping[str, str] | None = None, name: str = ""
    ) -> None:
        self.model, self.composition, self.template = model, composition, dict(template or {})
        self.name = name
        self.lora: Lora | None = None

    @property
    def tower(self) -> Tower:
        """What looks at pictures."""
        assert isinstance(self.model.eyes, Tower)
        return self.model.eyes

    @property
    def llama(self) -> Any:
        """The language model as transformers knows it."""
        return self.model.language.llama

    def adapt(self, lora: Lora) -> None:
        """Inject adapters. Raises ModelError if there are some already."""
        if self.lora is not None:
            raise ModelError("the language model has adapters already: merge them first")
        adapters.inject(self.llama, lora)
        self.lora = lora

    def merge(self) -> None:
        """Add the adapters to the weights and take them out."""
        if self.lora is not None:
            adapters.merge(self.llama)
            self.lora = None


def read_config(where: str) -> dict[str, Any]:
    """config.json of a folder or of a model on the Hub. Raises ModelError if there is none."""
    from transformers.utils.hub import cached_file

    try:
        file = cached_file(where, "config.json")
    except (OSError, ValueError) as error:
        raise ModelError(f"there is no model at {where}: {str(error).splitlines()[0]}") from error
    if file is None:
        raise ModelError(f"there is no model at {where}: it has no config.json")
    config: dict[str, Any] = json.loads(Path(file).read_text(encoding="utf-8"))
    return config


def load(where: str, *, dtype: str | torch.dtype = "auto") -> Stored:
    """A model of this package's folders, or a LLaVA-1.5 or LLaVA-NeXT (1.6) checkpoint, from a folder or the Hub.

    dtype: of the weights, "auto" for that of the files. Raises ModelError for another kind of model: those with a
    layout of their own are used as they are, through quibble.backends.torch.
    """
    config = read_config(where)
    kind = config.get("model_type")
    if kind == KIND:
        return _load_own(Path(where), config, dtype)
    if kind in _LLAVA:
        return _load_llava(where, dtype)
    raise ModelError(
        f"{where} is a '{kind}' model; taken apart are {KIND}, {' and '.join(_LLAVA)}. Others can be asked as they "
        "are, through the torch backend"
    )


def from_parts(vision: str, language: str, composition: Composition, *, dtype: str | torch.dtype = "auto") -> Stored:
    """Join a vision model and a language model from folders or the Hub; what is between them is new."""
    return Stored(compose(load_vision(vision, dtype), load_language(language, dtype), composition), composition)


def load_vision(where: str, dtype: str | torch.dtype) -> Any:
    """The vision half of a CLIP or SigLIP checkpoint, or a vision model by itself."""
    from transformers import AutoConfig, AutoModel

    config = AutoConfig.from_pretrained(where)
    # A CLIP checkpoint holds a text model too; only its vision half is wanted.
    own = getattr(config, "vision_config", config)
    return AutoModel.from_pretrained(where, config=own, dtype=dtype)


def load_language(where: str, dtype: str | torch.dtype) -> Any:
    """Any causal language model of the LLaMA family."""
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(where, dtype=dtype)


def load_tokenizer(where: str) -> Any:
    """The tokenizer of a checkpoint. Raises ModelError if it has none, or one that does not say where tokens are."""
    from transformers import AutoTokenizer

    make: Any = AutoTokenizer.from_pretrained
    own = Path(where, "language")
    try:
        tokenizer = make(own if own.is_dir() else where)
    except (OSError, ValueError) as error:
        raise ModelError(f"there is no tokenizer at {where}: {str(error).splitlines()[0]}") from error
    if not tokenizer.is_fast or tokenizer.eos_token is None:
        raise ModelError(f"the tokenizer at {where} is a slow one, or has no token that ends an answer")
    return tokenizer


def save(
    stored: Stored, folder: Path | str, *, tokenizer: Any = None, weights: Mapping[str, Tensor] | None = None
) -> None:
    """Write a folder that `load` reads. config.json comes last, so that a folder that has one is whole.

    tokenizer: written too. weights: the model's state dict where it is not its own, as when several devices hold parts
    of it, or in another precision.
    """
    root = Path(folder)
    root.mkdir(parents=True, exist_ok=True)
    (root / "config.json").unlink(missing_ok=True)
    whole = weights if weights is not None else stored.model.state_dict()
    own, injected = adapters.split(_below(whole, _LANGUAGE))
    stored.tower.vision.save_pretrained(root / "vision", state_dict=_below(whole, _VISION))
    stored.llama.save_pretrained(root / "language", state_dict=dict(own))
    _say_dtype(root / "language" / "config.json", own)
    if tokenizer is not None:
        tokenizer.save_pretrained(root / "language")
    _write(_joined(whole), root / "joined.safetensors")
    if injected:
        _write(injected, root / "adapters.safetensors")
    said: dict[str, Any] = {
        "model_type": KIND,
        "name": stored.name,
        "composition": asdict(stored.composition),
        "template": stored.template,
    }
    if stored.lora is not None:
        said["lora"] = asdict(stored.lora)
    (root / "config.json").write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")


def export_llava(stored: Stored, folder: Path | str, *, tokenizer: Any = None) -> None:
    """Write a model without parts of our own as a LLaVA checkpoint, which transformers and vLLM load.

    Adapters are merged first. tokenizer: written too, with a processor that asks the model as it was taught. Raises
    ModelError for a model that LLaVA's layout has no room for.
    """
    from transformers import LlavaConfig, LlavaForConditionalGeneration, LlavaNextConfig
    from transformers import LlavaNextForConditionalGeneration as Next

    composition, model = stored.composition, stored.model
    if not isinstance(model.projector, Mlp) or model.segmentation is not None:
        raise ModelError(
            "LLaVA's layout has room for an MLP projector and no masks; this model has "
            f"{'masks' if model.segmentation is not None else f'a projector of kind {composition.projector}'}"
        )
    stored.merge()
    layers = composition.projected
    common: dict[str, Any] = {
        "vision_config": stored.tower.vision.config,
        "text_config": stored.llama.config,
        "image_token_index": composition.image_token,
        "projector_hidden_act": "gelu",
        "multimodal_projector_bias": composition.bias,
        "vision_feature_layer": layers[0] if len(layers) == 1 else list(layers),
        # A vision model with a class token has one token more than places.
        "vision_feature_select_strategy": "default" if _has_class_token(stored.tower) else "full",
        "image_seq_length": composition.view_tokens(stored.tower.patch),
        "tie_word_embeddings": bool(stored.llama.config.tie_word_embeddings),
    }
    with torch.device("meta"):
        if composition.tiles:
            grids = [[rows * composition.side, columns * composition.side] for rows, columns in composition.tiles]
            whole: Any = Next(LlavaNextConfig(**common, image_grid_pinpoints=grids))
            whole.model.image_newline = model.newline
        else:
            whole = LlavaForConditionalGeneration(LlavaConfig(**common))
        whole.model.multi_modal_projector.linear_1 = model.projector.first
        whole.model.multi_modal_projector.linear_2 = model.projector.second
    whole.model.vision_tower = stored.tower.vision
    whole.model.language_model = stored.llama.model
    whole.lm_head = stored.llama.lm_head
    whole.generation_config = stored.llama.generation_config
    whole.save_pretrained(folder)
    if tokenizer is not None:
        make_processor(composition, stored.template, tokenizer, patch=stored.tower.patch).save_pretrained(folder)


def recompose(stored: Stored, composition: Composition) -> Stored:
    """The same halves joined otherwise. What is between them is kept where it is still of the same form."""
    then = stored.composition
    if composition == then:
        return stored
    made = Stored(compose(stored.tower.vision, stored.llama, composition), composition, stored.template)
    made.lora = stored.lora
    if all(getattr(then, name) == getattr(composition, name) for name in _PROJECTOR):
        made.model.projector = stored.model.projector
    if then.tiles and composition.tiles:
        made.model.newline = stored.model.newline
    if then.masks == composition.masks:
        made.model.segmentation = stored.model.segmentation
    return made


def resize_vocabulary(stored: Stored, size: int) -> None:
    """Make room for so many tokens; new ones begin as the mean of the others."""
    if size > stored.llama.get_input_embeddings().num_embeddings:
        stored.llama.resize_token_embeddings(size)


def _load_own(folder: Path, config: dict[str, Any], dtype: str | torch.dtype) -> Stored:
    composition = composition_from_dict(config["composition"])
    vision, llama = load_vision(str(folder / "vision"), dtype), load_language(str(folder / "language"), dtype)
    stored = Stored(compose(vision, llama, composition), composition, config["template"], config["name"])
    if "lora" in config:
        stored.adapt(Lora(**config["lora"] | {"targets": tuple(config["lora"]["targets"])}))
        _fill(stored.llama, load_file(folder / "adapters.safetensors"), folder)
    _fill(stored.model, load_file(folder / "joined.safetensors"), folder, wanted=_joined(stored.model.state_dict()))
    _cast_joined(stored.model, llama.dtype)
    stored.model.eval()
    return stored


def _load_llava(where: str, dtype: str | torch.dtype) -> Stored:
    from transformers import AutoModelForCausalLM, AutoModelForImageTextToText

    whole = AutoModelForImageTextToText.from_pretrained(where, dtype=dtype)
    config, inner = whole.config, whole.model
    if config.projector_hidden_act != "gelu":
        raise ModelError(f"{where} has a projector with '{config.projector_hidden_act}' between its layers, not gelu")
    layers = config.vision_feature_layer
    side = int(config.vision_config.image_size)
    grids = getattr(config, "image_grid_pinpoints", None) or ()
    composition = Composition(
        projected=tuple(layers) if isinstance(layers, list | tuple) else (layers,),
        bias=bool(config.multimodal_projector_bias),
        side=side,
        tiles=tuple((height // side, width // side) for height, width in grids),
        image_token=int(config.image_token_id),
    )
    make_llama: Any = AutoModelForCausalLM.from_config
    with torch.device("meta"):
        llama = make_llama(config.text_config)
    llama.model, llama.lm_head = inner.language_model, whole.lm_head
    llama.generation_config = whole.generation_config
    model = compose(inner.vision_tower, llama, composition)
    if config.vision_feature_select_strategy == "full" and _has_class_token(model.eyes):
        raise ModelError(f"{where} reads its vision model's class token as a picture token, which is not provided for")
    assert isinstance(model.projector, Mlp)
    model.projector.first = inner.multi_modal_projector.linear_1
    model.projector.second = inner.multi_modal_projector.linear_2
    if composition.tiles:
        model.newline = inner.image_newline
    model.eval()
    return Stored(model, composition)


def composition_from_dict(data: dict[str, Any]) -> Composition:
    """The inverse of dataclasses.asdict, from JSON. Raises ModelError for what this version does not know."""
    masks = dict(data["masks"])
    try:
        return Composition(
            **{name: _tuples(value) for name, value in data.items() if name != "masks"},
            masks=Masks(**{name: _tuples(value) for name, value in masks.items()}),
        )
    except TypeError as error:
        raise ModelError(f"the model was saved by another version of quibble: {error}") from error


def _joined(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights of everything between and behind vision and language."""
    return {name: weight for name, weight in weights.items() if not name.startswith((_VISION, _LANGUAGE))}


def _below(weights: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): weight for name, weight in weights.items() if name.startswith(prefix)}


def _write(weights: Mapping[str, Tensor], file: Path) -> None:
    save_file({name: weight.contiguous() for name, weight in weights.items()}, file)


def _say_dtype(file: Path, weights: Mapping[str, Tensor]) -> None:
    """Put the precision of the weights into a config.json, which would name that of the model that wrote it."""
    config = json.loads(file.read_text(encoding="utf-8"))
    config["dtype"] = str(next(iter(weights.values())).dtype).removeprefix("torch.")
    file.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list | tuple) else value


def _fill(module: nn.Module, weights: dict[str, Tensor], folder: Path, wanted: dict[str, Tensor] | None = None) -> None:
    """Load weights of a part. Raises ModelError if they are not exactly those of the part."""
    expected = wanted if wanted is not None else adapters.split(module.state_dict())[1]
    differing = sorted(set(expected) ^ set(weights))
    if differing:
        raise ModelError(f"{folder} is damaged: '{differing[0]}' is in its files or its config.json, not in both")
    module.load_state_dict(weights, strict=False)


def _cast_joined(model: Lmm, dtype: torch.dtype) -> None:
    for part in (model.projector, model.segmentation):
        if isinstance(part, nn.Module):
            part.to(dtype)
    if model.newline is not None:
        model.newline.data = model.newline.data.to(dtype)


def _has_class_token(tower: Any) -> bool:
    return any(name.endswith("class_embedding") for name, _ in tower.vision.named_parameters())

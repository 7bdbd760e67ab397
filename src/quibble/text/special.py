"""The special tokens of a conversation. The order is the order of their ids: append only."""

from __future__ import annotations

from typing import Final

PAD: Final = "<pad>"
BOS: Final = "<bos>"
EOS: Final = "<eos>"
IMAGE: Final = "<image>"
REGION: Final = "<region>"
EVIDENCE: Final = "<evidence>"
END_EVIDENCE: Final = "</evidence>"
USER: Final = "<user>"
ASSISTANT: Final = "<assistant>"
SYSTEM: Final = "<system>"
#: One for each scale and query of the segmentation decoder; an answer that asks for a mask ends with all of them.
SEGMENT: Final = tuple(f"<seg{i}>" for i in range(6))
SEGMENT_TEXT: Final = "".join(SEGMENT)

SPECIAL: Final = (PAD, BOS, EOS, IMAGE, REGION, EVIDENCE, END_EVIDENCE, USER, ASSISTANT, SYSTEM, *SEGMENT)

"""The networks (torch): nano's, and compositions of any vision transformer and any LLaMA."""

from __future__ import annotations

from quibble.model.stored import Stored, export_llava, load, save

__all__ = ["Stored", "export_llava", "load", "save"]

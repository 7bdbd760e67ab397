"""What a run says of itself: TensorBoard files, `log.jsonl`, and lines on stdout."""

from __future__ import annotations

import json
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter


class Journal:
    """Figures of a run of `steps` steps, kept in its folder."""

    def __init__(self, folder: Path, steps: int) -> None:
        self.path, self.steps = folder / "log.jsonl", steps
        self._board = SummaryWriter(str(folder))

    def write(self, step: int, figures: dict[str, float]) -> None:
        """Keep figures; those of single classes (val/iou/..., val/srcc/...) are not printed."""
        for name, value in figures.items():
            self._board.add_scalar(name, value, step)
        with self.path.open("a") as out:
            out.write(json.dumps({"step": step} | {k: round(v, 4) for k, v in figures.items()}) + "\n")
        shown = "  ".join(f"{k} {v:.3f}" for k, v in figures.items() if not k.startswith(("val/iou/", "val/srcc/")))
        print(f"step {step}/{self.steps}  {shown}", flush=True)

    def close(self) -> None:
        """Write out what TensorBoard still holds back."""
        self._board.close()


def say(line: str) -> None:
    """A line for whoever watches, at once."""
    print(line, flush=True)

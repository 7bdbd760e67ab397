"""How fast nano answers: its first sentence, tokens a second, and what each question takes.

    python benchmarks/answer.py [--threads 2]

Pictures are made here, with two damaged regions each, and differ from run to run: nothing that was read for one helps
with the next. They have been looked at before ("warm"), except in the last row. Each figure is the median.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assess import picture
from quibble import Assessor
from quibble.distort import apply, draw
from quibble.look import Look
from quibble.taxonomy import Distortion
from quibble.text.tokenizer import nano

RUNS = 12
QUESTION = "Describe the quality of this picture in detail."


def damaged(seed: int) -> NDArray[np.uint8]:
    """(512, 512, 3) uint8, the left noisy and a part of the right pixelated."""
    clean, rng = picture(512, 512, seed), np.random.default_rng(seed)
    noisy, coarse = (
        apply(clean, draw(distortion, 4, rng))
        for distortion in (Distortion.NOISE_GAUSSIAN_RGB, Distortion.PIXELATE_BOX)
    )
    out = clean.copy()
    out[:, :200], out[100:400, 300:] = noisy[:, :200], coarse[100:400, 300:]
    return out


def told(assessor: Assessor, look: Look) -> tuple[float, float, float]:
    """Seconds to the first sentence, to the end, and tokens a second once the question has been read."""
    start = time.perf_counter()
    text, begun, sentence = "", 0.0, 0.0
    for piece in assessor.chat(look).stream(QUESTION):
        now = time.perf_counter()
        begun, text = begun or now, text + piece
        if not sentence and text.rstrip().endswith("."):
            sentence = now - start
    end = time.perf_counter()
    return sentence or end - start, end - start, (len(nano().encode(text)) - 1) / (end - begun)


def milliseconds(work: Callable[[Any], object], given: Iterable[Any]) -> float:
    """Median of what one takes."""
    times = []
    for one in given:
        start = time.perf_counter()
        work(one)
        times.append(time.perf_counter() - start)
    return 1000 * float(np.median(times))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    assessor = Assessor(threads=parser.parse_args().threads)
    looks = [assessor.look(damaged(seed)) for seed in range(RUNS + 1)]
    told(assessor, looks.pop())
    first, whole, rate = np.median([told(assessor, look) for look in looks], axis=0)
    print(f"first sentence of a description            {1000 * first:8.0f} ms")
    print(f"the whole description                      {1000 * whole:8.0f} ms")
    print(f"tokens                                     {rate:8.0f} a second")
    asked: dict[str, Callable[[Look], object]] = {
        "yes or no": lambda look: assessor.ask(look, "Is there any noise?"),
        "grounding of the worst place": lambda look: assessor.ground(look, "Which part is damaged most?"),
        "comparison of two": lambda look: assessor.compare(look, looks[0]),
    }
    for name, work in asked.items():
        print(f"{name:<42} {milliseconds(work, looks):8.0f} ms")
    unseen = [damaged(RUNS + 1 + seed) for seed in range(5)]
    print(f"{'look and describe':<42} {milliseconds(assessor.describe, unseen):8.0f} ms")


if __name__ == "__main__":
    main()

from __future__ import annotations

from quibble.bench.metrics.estimate import Estimate
from quibble.bench.table import Row, Table

TABLE = Table(
    title="Scores <LIVE-C>",
    columns=["srcc", "miou"],
    rows=[
        Row(name="ours", figures={"srcc": Estimate(value=0.51234, low=0.4, high=0.6)}, n=10, unreadable=2, refused=0),
        Row(name="A | B", figures={"srcc": 0.445, "miou": 27.1}, source="Q-Instruct, table 6", differs="whole set"),
        Row(name="C", figures={"miou": 1.0}, source="Q-Instruct, table 6", differs="whole set"),
    ],
    notes=["seed 0"],
    digits={"miou": 1},
)


def test_markdown() -> None:
    assert TABLE.to_markdown() == (
        "### Scores <LIVE-C>\n\n"
        "|  | srcc | miou | n | unreadable | refused | source |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: | --- |\n"
        "| ours | 0.512 (0.400 to 0.600) | – | 10 | 2 | 0 | measured |\n"
        "| A \\| B [1] | 0.445 | 27.1 |  |  |  | Q-Instruct, table 6 |\n"
        "| C [1] | – | 1.0 |  |  |  | Q-Instruct, table 6 |\n\n"
        "- [1] differs: whole set\n- seed 0\n"
    )


def test_html_is_escaped() -> None:
    page = TABLE.to_html()
    assert "Scores &lt;LIVE-C&gt;" in page
    assert page.count('<tr class="published">') == 2
    assert "0.512 (0.400 to 0.600)" in page


def test_json_keeps_all_digits_and_says_what_was_measured() -> None:
    rows = TABLE.to_dict()["rows"]
    assert rows[0]["figures"]["srcc"] == {"value": 0.51234, "low": 0.4, "high": 0.6}
    assert [row["measured"] for row in rows] == [True, False, False]
    assert rows[0]["unreadable"] == 2

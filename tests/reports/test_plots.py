from __future__ import annotations

import base64
import re
from xml.etree import ElementTree

from inscape.reports.plots import Axes, Curve, plot, to_csv

CURVES = [
    Curve("best & worst", [(1, 0.9), (4, 0.5)]),
    Curve("random", [(1, 0.95), (2, 0.9)], [(0.9, 1.0), (0.8, 1.0)], dashed=True),
]


def test_the_csv_has_a_row_for_each_x_and_two_columns_for_a_band():
    assert to_csv(CURVES, Axes("units", "accuracy")).splitlines() == [
        "units,best & worst,random,random low,random high",
        "1,0.9,0.95,0.9,1",
        "2,,0.9,0.8,1",
        "4,0.5,,,",
    ]


def test_the_drawing_can_be_taken_away_and_is_well_formed():
    figure = plot("A <plot>", CURVES, Axes("units", "accuracy", True, bottom=0.0))
    assert "A &lt;plot&gt;" in figure and "best &amp; worst" in figure
    links = dict(re.findall(r'href="data:([\w/+]+);base64,([^"]+)"', figure))
    drawn = base64.b64decode(links["image/svg+xml"]).decode()
    root = ElementTree.fromstring(drawn)
    assert root.tag.endswith("svg")
    assert len([each for each in root if each.tag.endswith("polyline")]) == 2
    assert len([each for each in root if each.tag.endswith("polygon")]) == 1
    texts = [each.text for each in root if each.tag.endswith("text")]
    assert texts[-2:] == ["best & worst", "random"]
    assert base64.b64decode(links["text/csv"]).decode().startswith("units,")


def test_equal_factors_are_equal_steps_on_a_logarithmic_axis():
    figure = plot("x", [Curve("a", [(1, 0), (2, 0.5), (4, 1)])], Axes("x", "y", True))
    first, second, third = (float(x) for x in re.findall(r"([\d.]+),[\d.]+", figure.split("points=")[1])[:3])
    assert abs((second - first) - (third - second)) < 0.2

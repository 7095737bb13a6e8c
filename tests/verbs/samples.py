"""Requests of every verb, as the values of their fields."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SAMPLES: dict[str, list[dict[str, Any]]] = {
    "models": [{}],
    "sample": [
        {"model": "town"},
        {"model": "my models/church.pkl", "seeds": "1,5-9", "grid": True, "truncation": -0.5},
        {"model": "-odd", "classes": "owl, great", "out": Path("it's here"), "device": "cpu"},
    ],
    "dissect": [
        {"model": "town", "out": Path("report")},
        {"model": "x", "out": Path("r"), "images": 4, "seed": 2**32 - 1, "label_size": 64, "top": 64},
        {"model": "x", "out": Path("r"), "layer": "a b", "segmenter": "town-segmenter", "classes": "0-3"},
        {"model": "x", "out": Path("r"), "quantile": 0.005, "miniou": 0.04, "border": "zeros"},
        {
            **{"model": "x", "out": Path("r"), "source": Path("my photos"), "labels": Path("maps")},
            **{"concepts": Path("names.txt"), "groups": "([^_]+)_.*"},
        },
    ],
    "explain": [
        {"model": "efficientnet-lite0", "picture": Path("my street.jpg")},
        {
            "model": "x",
            "picture": Path("p.png"),
            "of": "sports car",
            "layer": "a b",
            "report": Path("r"),
            "top": 4,
        },
        {"model": "town", "seed": 7, "of": "door", "box": "20,30,8,12", "way": "ablation", "off": "3,17"},
    ],
    "layers": [
        {"model": "town"},
        {
            "model": "x",
            "layers": "layer8a,a b",
            "images": 4,
            "segmenter": "s",
            "out": Path("kept"),
            "seed": 1,
        },
    ],
    "effect": [
        {"model": "town", "concept": "tree"},
        {"model": "town", "concept": "a tree", "units": "1,2-4", "insert": True, "controls": 3, "top": 1},
        {"model": "town", "concept": "sky", "report": Path("r"), "out": Path("o"), "seed": 7, "images": 2},
        {"model": "town", "concept": "door", "map": True, "grid": 4, "value": "0.99", "workers": "2"},
    ],
    "find": [
        {"model": "town", "by": "examples", "show": "3,17,40-42"},
        {"model": "town", "by": "strokes", "show": "7:20,30,8,12 9-10:1,2,3,4", "images": 50},
        {"model": "x", "by": "predicate", "show": "my dir/night.py:night", "html": Path("a b.html")},
    ],
    "artifacts": [
        {"model": "town"},
        {"model": "x", "real": Path("my photos"), "top": 1, "images": 32, "workers": "ray://head:10001"},
    ],
    "roles": [
        {"model": "town-classifier", "of_class": "church with a spire"},
        {"model": "x", "of_class": "3", "source": "my photos", "layer": "head", "attack": 0, "seed": 7},
        {
            "model": "x",
            "of_class": "a b",
            "images": 16,
            "controls": 2,
            "attack_size": 2.5,
            "html": Path("a b"),
        },
    ],
    "atlas": [
        {"models": ("town-classifier",), "layers": "all"},
        {"models": ("my run", "x"), "source": "my photos", "labels": Path("maps"), "images": 4, "seed": 1},
        {"models": ("x",), "prune": "0,50,95", "retrain": 100, "controls": 3, "out": Path("report")},
    ],
    "brush": [
        {"model": "town", "concept": "door"},
        {"model": "x", "concept": "a door", "kind": "learned", "on": "wall", "cells": "4,3", "top": 9},
        {"model": "x", "concept": "door", "kind": "causal", "judge": "my judge", "out": Path("a b.json")},
    ],
    "paint": [
        {"model": "town", "box": "1,2,3,4", "concept": "door", "kind": "obedient", "brushes": Path("a b")},
        {"model": "town", "box": "1,2,3,4", "concept": "door"},
        {"model": "town", "box": "1,2,3,4", "units": "3", "strength": 0.123456789, "value": "0.995"},
        {"model": "town", "box": "1,2,3,4", "like": "5,5,2,2", "class_name": "dog", "seed": 3},
        {
            **{"model": "town", "box": "1,2,3,4", "units": "3", "remove": True, "photo": Path("a b.jpg")},
            **{"inversion": Path("i"), "fit": "pad", "seconds": 0.1, "finish": 1e-9},
        },
    ],
    "replay": [{"recipe": Path("p.png")}, {"recipe": Path("p q.png"), "model": "m", "device": "cuda:0"}],
    "invert": [
        {"photo": Path("house.jpg")},
        {"photo": Path("-x.jpg"), "model": "m", "box": "1,2,3.5,4", "seconds": 86_400.0, "start": "average"},
    ],
    "rewrite": [
        {"model": "town", "task": Path("t.toml")},
        {"model": "town", "task": Path("t.toml"), "layer": "advice", "rank": 3, "ridge": 1e-5, "images": 0},
        {"model": "m", "task": Path("t.toml"), "segmenter": "hf:org/name"},
    ],
    "apply": [
        {"model": "town", "edits": (Path("a"), Path("b c")), "out": Path("o")},
        {"model": "town", "edits": (Path("a"),), "out": Path("o"), "strength": 4.0, "transfer": True},
    ],
    "convert": [{"source": "a", "path": Path("b")}, {"source": "a", "path": Path("b"), "format": "nvidia"}],
    "train": [
        {"recipe": "town", "out": Path("run")},
        {"recipe": "town", "out": Path("run"), "minutes": 0.5, "size": 64, "images": 1, "seed": 4},
    ],
    "scenes": [
        {"world": "town"},
        {"world": "town", "rules": False, "size": 16, "grid": True, "seeds": "3"},
    ],
    "doctor": [{}],
    "fact trace": [
        {"model": "smollm2", "prompt": "The Eiffel Tower is in", "subject": "The Eiffel Tower"},
        {
            **{"model": "my models/gpt2.gguf", "prompt": "{} is in", "subject": "it's", "object": "a b"},
            **{"runs": 3, "noise": 1.5, "window": 2, "seed": 9, "out": Path("my maps.svg"), "device": "cpu"},
        },
    ],
    "fact edit": [
        {"model": "smollm2", "prompt": "{} is in", "subject": "The Louvre", "target": "Rome"},
        {
            **{"model": "my.gguf", "facts": "my facts.json", "count": 3, "seed": 4, "method": "memit"},
            **{"layers": "4-6", "text": Path("my text.txt"), "out": Path("a b.edit.safetensors")},
        },
    ],
    "fact judge": [
        {"model": "smollm2", "facts": "shipped"},
        {"model": "m", "facts": "f.json", "edit": (Path("a"), Path("b c")), "count": 9, "length": 0},
    ],
}
CASES = [(name, values) for name, each in SAMPLES.items() for values in each]


def as_json(values: dict[str, Any]) -> dict[str, Any]:
    def plain(value: Any) -> Any:
        return str(value) if isinstance(value, Path) else value

    return json.loads(json.dumps(values, default=plain))

from __future__ import annotations

import inspect

import pytest

from inscape import errors


def classes():
    return [c for _, c in inspect.getmembers(errors, inspect.isclass) if issubclass(c, errors.InscapeError)]


def test_every_error_ends_in_error_and_stands_in_the_drawn_tree():
    for error in classes():
        assert error.__name__.endswith("Error")
        assert error.__name__ in (errors.__doc__ or "")
        assert error.title
        assert 400 <= error.status < 600


def test_near_names_are_offered_and_the_rest_is_listed():
    detail, hint = errors.unknown_name("layer", "layr16a", ["layer8a", "layer16a"])
    assert detail == "no layer 'layr16a'; did you mean 'layer16a'?"
    assert hint == "Known: layer8a, layer16a."


def test_a_name_like_nothing_known_gets_the_list_alone():
    detail, hint = errors.unknown_name("model", "qqq", ["town"], where="here")
    assert detail == "no model 'qqq' here."
    assert "town" in hint


def test_long_lists_are_cut():
    _, hint = errors.unknown_name("unit", "zzz", [f"unit{i}" for i in range(100)])
    assert hint.endswith("and 76 more.")


def test_a_missing_extra_prints_the_pip_line():
    with pytest.raises(errors.MissingExtraError, match=r"pip install 'inscape\[studio\]'"):
        raise errors.MissingExtraError("fastapi", "studio")

"""Lists in a sentence."""

import pytest
from django.template import Context, Template
from django.utils import translation

from web.texts import listed, sentences


@pytest.mark.parametrize(
    ("language", "expected"), [("en", "#1, #2, #3"), ("zh-hans", "#1、#2、#3")]
)
def test_things_stand_in_a_row_as_the_language_writes_them(language: str, expected: str) -> None:
    with translation.override(language):
        assert listed(["#1", "#2", "#3"]) == expected
        assert (
            Template("{{ names|listed }}").render(Context({"names": ["#1", "#2", "#3"]}))
            == expected
        )


def test_one_thing_stands_alone_and_none_is_nothing() -> None:
    assert listed(["#1"]) == "#1"
    assert listed([]) == ""


@pytest.mark.parametrize(("language", "expected"), [("en", "a, b; c"), ("zh-hans", "a, b；c")])
def test_clauses_may_hold_lists(language: str, expected: str) -> None:
    with translation.override(language):
        assert sentences(["a, b", "c"]) == expected


@pytest.mark.parametrize(("language", "expected"), [("en", "x, y"), ("zh-hans", "x、y")])
def test_a_loop_of_a_template_may_say_what_stands_between(language: str, expected: str) -> None:
    template = Template(
        "{% for one in all %}{{ one }}{% if not forloop.last %}{% between %}{% endif %}{% endfor %}"
    )
    with translation.override(language):
        assert template.render(Context({"all": ["x", "y"]})) == expected


def test_what_is_listed_is_escaped_in_a_page() -> None:
    drawn = Template("{{ names|listed }}").render(Context({"names": ["<b>", "c"]}))
    assert drawn == "&lt;b&gt;, c"

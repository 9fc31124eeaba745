"""Fields that are drawn the same in every form."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.template import Context, Template

from pages.fields import MAXIMAL_ANSWER, MAXIMAL_REASON, ReasonForm
from tests.certificates import make
from tests.world import World

ROOT = Path(__file__).resolve().parents[3]


def draw(text: str, **context: Any) -> str:
    return Template(text).render(Context(context))


def test_a_text_is_labelled_limited_and_described() -> None:
    drawn = draw(
        '{% textarea "reason" "Why" element_id="stop-reason" hint="Say it." errors=errors required=True %}',
        errors=["Too short."],
    )
    assert '<label class="form-label required" for="stop-reason">Why</label>' in drawn
    assert f'maxlength="{MAXIMAL_REASON}"' in drawn
    assert 'aria-describedby="stop-reason_hint stop-reason_error"' in drawn
    assert 'aria-invalid="true"' in drawn
    assert 'id="stop-reason_hint">Say it.' in drawn
    assert re.search(r'id="stop-reason_error">.*Too short\.', drawn, re.DOTALL)


def test_a_text_without_hint_and_errors_points_at_nothing() -> None:
    drawn = draw('{% textarea "reason" "Why" %}')
    assert 'id="id_reason"' in drawn
    assert "aria-" not in drawn
    assert "required" not in drawn


def test_what_was_typed_is_kept_and_escaped() -> None:
    drawn = draw('{% textarea "reason" "Why" value=typed %}', typed="</textarea><script>")
    assert "&lt;/textarea&gt;&lt;script&gt;</textarea>" in drawn


def test_nothing_typed_is_an_empty_field_and_not_the_word_none() -> None:
    assert "None" not in draw('{% textarea "reason" "Why" value=typed %}', typed=None)
    assert "None" not in draw("{% text_field form.reason %}", form=ReasonForm())


def test_a_field_of_a_form_keeps_what_was_typed() -> None:
    drawn = draw(
        "{% text_field form.reason rows=3 %}", form=ReasonForm({"reason": "for partner 7"})
    )
    assert ">for partner 7</textarea>" in drawn
    assert 'rows="3"' in drawn


def test_a_key_that_was_typed_is_refused_and_not_shown_again() -> None:
    form = ReasonForm({"reason": make().pem.decode()})
    assert not form.is_valid()
    drawn = draw("{% text_field form.reason %}", form=form)
    assert "BEGIN" not in drawn
    assert 'aria-invalid="true"' in drawn
    assert "no key or certificate" in drawn


def test_answers_have_their_own_length() -> None:
    assert draw("{% longest_answer %}") == str(MAXIMAL_ANSWER)


@pytest.mark.parametrize(
    ("name", "environment", "why"),
    [
        ("payments-clients", "prod", "This is production"),
        ("payments-clients", "dev", "Nothing, or no CA, would be left"),
    ],
)
def test_the_name_to_type_says_why_it_is_asked_for(
    world: World, name: str, environment: str, why: str
) -> None:
    drawn = draw(
        "{% typed_name place value=typed %}",
        place=world.trust_config(name, environment),
        typed="pay",
    )
    assert why in drawn
    assert f"Type {name} to go on." in drawn
    assert 'value="pay"' in drawn
    assert 'aria-describedby="typed-name-hint"' in drawn


def test_no_template_writes_a_text_field_of_its_own() -> None:
    """Texts that people type have one component; what else is a textarea takes PEM, windows or patterns."""
    own = {
        str(path.relative_to(ROOT / "templates"))
        for path in (ROOT / "templates").rglob("*.html")
        if re.search(r"<textarea[^>]*name=\"(reason|comment)\"", path.read_text(encoding="utf-8"))
    }
    assert own == set()


def test_no_template_says_a_limit_of_its_own() -> None:
    pages = {
        path: path.read_text(encoding="utf-8") for path in (ROOT / "templates").rglob("*.html")
    }
    assert len(pages) > 100
    saying = [str(path) for path, text in pages.items() if f'maxlength="{MAXIMAL_REASON}"' in text]
    saying += [str(path) for path, text in pages.items() if f'maxlength="{MAXIMAL_ANSWER}"' in text]
    assert saying == []


def test_a_refusal_is_drawn_in_one_place() -> None:
    texts = [
        path
        for path in (ROOT / "templates").rglob("*.html")
        if "This was not done." in path.read_text(encoding="utf-8")
    ]
    assert [path.name for path in texts] == ["_refused.html"]


def test_a_text_that_one_of_two_buttons_needs_is_marked_and_not_insisted_on() -> None:
    drawn = draw('{% textarea "reason" "Why" marked=True %}')
    assert '<label class="form-label required"' in drawn
    field = drawn[drawn.index("<textarea") : drawn.index("</textarea>")]
    assert "required" not in field

"""What is wrong with a member is said in the caller's language, whatever the schema library calls it."""

from __future__ import annotations

import pytest
from marshmallow import Schema, ValidationError, fields, validate

from api.field_words import in_words
from api.front_door import _loaded
from core.errors import InvalidRequest
from core.text import Text


class _Everything(Schema):
    text = fields.String(required=True, validate=validate.Length(1, 3))
    least = fields.String(validate=validate.Length(min=2))
    most = fields.List(fields.String(), validate=validate.Length(max=1))
    number = fields.Float(allow_nan=False, validate=validate.Range(-1, 1))
    over = fields.Integer(validate=validate.Range(min=0, min_inclusive=False))
    choice = fields.String(validate=validate.OneOf(("a", "b")))
    form = fields.String(validate=validate.Regexp("^x$"))
    truth = fields.Boolean(truthy={True}, falsy={False})
    moment = fields.AwareDateTime(format="iso")
    day = fields.Date()
    inner = fields.Nested(lambda: _Everything(only=("number",)))


WRONG: tuple[dict[str, object], ...] = (
    {}, {"text": None}, {"text": 1}, {"text": "1234"}, {"text": "1", "least": "1"}, {"text": "1", "most": ["1", "2"]},
    {"text": "1", "number": "one"}, {"text": "1", "number": 2}, {"text": "1", "number": "inf"},
    {"text": "1", "over": 0}, {"text": "1", "over": "x"}, {"text": "1", "choice": "c"}, {"text": "1", "form": "y"},
    {"text": "1", "truth": 2}, {"text": "1", "moment": "2026-02-30T10:00:00+08:00"},
    {"text": "1", "moment": "2026-02-03T10:00:00"}, {"text": "1", "day": "x"}, {"text": "1", "inner": []},
    {"text": "1", "inner": "x"}, {"text": "1", "most": "x"}, {"text": "1", "more": 1}, {"text": "a\x00b"},
)  # fmt: skip


@pytest.mark.parametrize("document", WRONG)
def test_every_sentence_of_the_schema_library_is_put_into_chinese(document: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        _loaded(_Everything, document, root="/")
    for error in refused.value.errors:
        assert any("\u4e00" <= letter <= "\u9fff" for letter in in_words(error.detail, "zh-TW")), error
        assert not any("\u4e00" <= letter <= "\u9fff" for letter in in_words(error.detail, "en")), error


def test_the_pointer_leads_to_the_member_itself() -> None:
    def pointers(document: dict[str, object]) -> list[str]:
        with pytest.raises(InvalidRequest) as refused:
            _loaded(_Everything, document, root="/")
        return [error.pointer for error in refused.value.errors]

    assert pointers({"text": "1", "inner": []}) == ["/inner"]
    assert pointers({"text": "1", "inner": {"number": 7}}) == ["/inner/number"]
    assert pointers({"text": "1", "most": ["a", "b\x00"]}) == ["/most/1"]


def test_what_a_room_says_in_both_languages_is_said_in_one() -> None:
    class Room(Schema):
        text = fields.String(validate=lambda _: _refuse())

    def _refuse() -> None:
        raise ValidationError([Text("中文", "English")])

    with pytest.raises(InvalidRequest) as refused:
        _loaded(Room, {"text": "x"}, root="/")
    (error,) = refused.value.errors
    assert (in_words(error.detail, "zh-TW"), in_words(error.detail, "en")) == ("中文", "English")

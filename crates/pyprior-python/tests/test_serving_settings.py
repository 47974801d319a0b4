"""What a server offers and a request asks for: read, checked, and refused with the place."""

import json

import pyprior_rs as pp
import pytest
from pyprior_rs.integrations._settings import NO_PRIOR, ModelLanguage, read_languages, read_request

SERVER = {
    "languages": {
        "default": {"tokenizer": {"value_range": [0, 9]}, "vocab_offset": 100, "max_len": 50},
        "wide": {"tokenizer": {"profile": "pyprior-0.0.2"}, "stop_token_id": 7, "vocab_offset": 8, "prior": {}},
    }
}
LANGUAGES = read_languages(json.dumps(SERVER), "SERVER")


def request(given, max_tokens=None):
    return read_request(given, LANGUAGES, "request", max_tokens)


def test_languages_lie_where_they_are_said_to():
    default, wide = LANGUAGES["default"], LANGUAGES["wide"]
    assert (default.offset, default.stop_token, default.max_len) == (100, 100 + 77, 50)
    assert default.tok.vocab_size == 79 and default.tok.offset == 0 and default.vocab_needed == 179
    assert (wide.offset, wide.stop_token, wide.prior) == (8, 7, pp.PriorConfig())
    assert default.prior is NO_PRIOR
    # A tokenizer with a base says it by itself; the stop token may lie behind the language.
    based = ModelLanguage(pp.Tokenizer(value_range=(0, 9), base=32))
    assert (based.offset, based.tok.offset, based.tok.vocab_size) == (32, 0, 79)
    assert ModelLanguage(pp.Tokenizer(value_range=(0, 9)), stop_token_id=500).vocab_needed == 501


def test_requests():
    plain = request({})
    assert (plain.language, plain.prior, plain.prefix_len) == (LANGUAGES["default"], NO_PRIOR, 0)
    assert plain.compiled.settings["max_len"] == 50 and plain.compiled.vocab_size == 79
    # The smaller of the two limits; a prefix is no token that is generated.
    assert request({"max_len": 12}, 40).compiled.settings["max_len"] == 12
    assert request({"max_len": 60}, 40).compiled.settings["max_len"] == 40
    assert request({"prefix_len": 3}, 10).compiled.settings["max_len"] == 13
    assert request({"language": "wide"}).compiled.settings["max_len"] is None
    asked = request('{"language": "wide", "prior": {"apply": "additive", "alpha": 2}, "exclude": ["for"]}')
    assert asked.prior == pp.PriorConfig(apply="additive", alpha=2) and asked.language is LANGUAGES["wide"]
    only = {"other": LANGUAGES["wide"]}
    assert read_request({}, only, "request", None).language is LANGUAGES["wide"]


@pytest.mark.parametrize(
    ("given", "place", "reason"),
    [
        (3, "request", "object"),
        ("{", "request", "no JSON"),
        ("[]", "request", "object"),
        ({"maxlen": 3}, "request", "unknown key 'maxlen'"),
        ({"language": "french"}, 'request["language"]', "this server has 'default', 'wide'"),
        ({"language": ["wide"]}, 'request["language"]', "no language"),
        ({"max_len": 2}, 'request["max_len"]', "shortest program"),
        ({"max_len": True}, 'request["max_len"]', "number"),
        ({"max_len": "9"}, 'request["max_len"]', "number"),
        ({"max_len": -1}, 'request["max_len"]', "number"),
        ({"max_len": 2**40}, 'request["max_len"]', "out of range"),
        ({"exclude": "for"}, 'request["exclude"]', "list"),
        ({"exclude": ["fro"]}, 'request["exclude"]', "fro"),
        ({"exclude": [1]}, 'request["exclude"]', "list"),
        ({"prior": True}, 'request["prior"]', "object"),
        ({"prior": {"alpha": -1}}, 'request["prior"]', "from 0 to 1000"),
        ({"prior": {"alpha": "much"}}, 'request["prior"]', "alpha: a number"),
        ({"prior": {"alpha": 10**400}}, 'request["prior"]', "alpha is inf; it must be from 0 to 1000"),
        ({"prior": {"apply": "loud"}}, 'request["prior"]', "one of off"),
        ({"prior": {"weight": 1}}, 'request["prior"]', "unknown key"),
        ({"prior": {"w_if": [1]}}, 'request["prior"]', "w_if: a number"),
        ({"prefix_len": 1.5}, 'request["prefix_len"]', "number"),
        ({"temperature": 1}, "request", "unknown key"),
    ],
)
def test_refuses(given, place, reason):
    for form in (given, json.dumps(given)) if not isinstance(given, str) else (given,):
        with pytest.raises(pp.errors.SettingError, match=reason) as raised:
            request(form)
        assert raised.value.place == place and str(raised.value).startswith(place) and isinstance(raised.value, ValueError)


def test_refuses_what_leaves_no_room():
    with pytest.raises(pp.errors.SettingError, match="max_tokens=2.*shortest program"):
        request({}, 2)
    # Once the request was let in, it has no program instead.
    row = read_request({}, LANGUAGES, "request", 2, lenient=True)
    assert "shortest program" in row.no_program
    with pytest.raises(pp.errors.SettingError):
        read_request({"max_len": 1}, LANGUAGES, "request", 2, lenient=True)


@pytest.mark.parametrize(
    ("given", "place", "reason"),
    [
        ("{", "SERVER", "no JSON"),
        ([], "SERVER", "object"),
        ({}, "SERVER.languages", "a language or more"),
        ({"languages": {}}, "SERVER.languages", "a language or more"),
        ({"languages": {"a": 3}}, "SERVER.languages['a']", "object"),
        ({"languages": {"a": {"offset": 3}}}, "SERVER.languages['a']", "unknown key 'offset'"),
        ({"languages": {"a": {"tokenizer": {"max_vars": 999}}}}, "SERVER.languages['a'].tokenizer", "max_vars"),
        ({"languages": {"a": {"tokenizer": {"value_range": [0, 10**30]}}}}, "SERVER.languages['a'].tokenizer", "value_range"),
        ({"languages": {"a": {"tokenizer": {"value_range": 3}}}}, "SERVER.languages['a'].tokenizer", "int"),
        ({"languages": {"a": {"tokenizer": {"vars": 9}}}}, "SERVER.languages['a'].tokenizer", "vars"),
        ({"languages": {"a": {"tokenizer": {"base": 9}}}}, "SERVER.languages['a'].tokenizer", "without base"),
        ({"languages": {"a": {"vocab_offset": -1}}}, "SERVER.languages['a'].vocab_offset", "number"),
        ({"languages": {"a": {"stop_token_id": 3}}}, "SERVER.languages['a'].stop_token_id", "FUNC_4"),
        ({"languages": {"a": {"max_len": 1}}}, "SERVER.languages['a']", "shortest program"),
        ({"languages": {"a": {"prior": {"alpha": -1}}}}, "SERVER.languages['a'].prior", "alpha"),
    ],
)
def test_refuses_servers(given, place, reason):
    with pytest.raises(pp.errors.SettingError, match=reason) as raised:
        read_languages(given if isinstance(given, str) else json.dumps(given), "SERVER")
    assert raised.value.place == place


def test_the_setting_that_is_wrong_is_blamed():
    """Not a max_tokens that has no part in it."""
    languages = read_languages('{"languages": {"a": {"exclude": ["var", "print"]}}}', "here")
    for max_tokens in (None, 50):
        with pytest.raises(pp.errors.SettingError) as caught:
            read_request({"max_len": 5}, languages, "request", max_tokens)
        assert caught.value.place == "request" and "max_tokens" not in str(caught.value)
    with pytest.raises(pp.errors.SettingError, match="with max_tokens=5:"):
        read_request({}, languages, "request", 5)
    assert read_request({"prefix_len": 2**32}, languages, "request", 50).prefix_len == 2**32
    with pytest.raises(pp.errors.SettingError) as caught:
        read_request({"exclude": ["\ud800"]}, languages, "request", 50)
    assert caught.value.place == 'request["exclude"]'

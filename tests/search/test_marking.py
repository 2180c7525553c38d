"""The words that a search found are marked as they are written; nothing else is, and nothing of a text becomes markup."""

import pytest

from search.marking import marked


@pytest.mark.parametrize(
    ("language", "query", "text", "expected"),
    [
        ("it", "aria", "La qualità dell'aria", "La qualità dell&#x27;<mark>aria</mark>"),
        ("it", "qualita", "La QUALITÀ dell’aria", "La <mark>QUALITÀ</mark> dell’aria"),
        ("it", "sensore", "Sensori e sensore", "<mark>Sensori</mark> e <mark>sensore</mark>"),
        ("it", "illumin", "Illuminazione pubblica", "<mark>Illuminazione</mark> pubblica"),
        ("it", "la città dei droni", "Un drone sulla città", "Un <mark>drone</mark> sulla <mark>città</mark>"),
        ("it", "uav", "Un drone", "Un <mark>drone</mark>"),  # a synonym
        ("en", "sensor", "Sensors; a sensible sense", "<mark>Sensors</mark>; a sensible sense"),
        ("en", "<b>", "<b>bold</b> & plain", "&lt;b&gt;bold&lt;/b&gt; &amp; plain"),
        ("en", "plain", "<b>plain</b>", "&lt;b&gt;<mark>plain</mark>&lt;/b&gt;"),
        ("en", "the of", "The mouth of the river", "The mouth of the river"),
        ("en", "", "Untouched {} 100%", "Untouched {} 100%"),
        ("en", "sensor", "", ""),
    ],
)
def test_words_are_marked(language, query, text, expected):
    assert marked(text, query, language) == expected

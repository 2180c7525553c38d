"""The words of a text that a search found, marked."""

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from . import analysis
from .engines.terms import people_words


def marked(text: str, query: str, language: str) -> SafeString:
    """The text with `<mark>` around each word that the query's words, their synonyms or its unfinished last word stand for."""
    words = people_words(query, language)
    stems = set(analysis.with_synonyms([token.stem for token in words], language))
    beginning = analysis.folded(words[-1].word) if words else ""
    parts, last = [], 0
    for match in analysis.WORD.finditer(text):
        plain = analysis.folded(match[0])
        counts = words and len(plain) > 1 and plain not in analysis.stop_words(language)
        if counts and (analysis.stem(plain, language) in stems or plain.startswith(beginning)):
            parts += [text[last : match.start()], format_html("<mark>{}</mark>", match[0])]
            last = match.end()
    return format_html_join("", "{}", ((part,) for part in [*parts, text[last:]]))

"""The nearest of many places is the one that looking at all of them finds."""

from hypothesis import given, settings
from hypothesis import strategies as st

from search.places import Places
from search.policy import metres_between

points = st.tuples(st.floats(44.9, 45.2), st.floats(7.5, 7.8)) | st.sampled_from([(45.07, 7.68), (45.07, 7.69), (45.08, 7.68)])


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.lists(points, max_size=30), points, st.integers(0, 30))
def test_the_nearest_place_is_found(places, point, but):
    named = [(str(number), place) for number, place in enumerate(places)]
    wanted = min(((metres_between(point, place), code) for code, place in named if code != str(but)), default=None)
    found = Places(named).nearest(point, str(but))
    assert found == ((wanted[1], wanted[0]) if wanted else None)

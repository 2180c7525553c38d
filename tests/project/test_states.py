"""Nothing assigns the state of a proposal, a pilot or a sum of money except a transition of its workflow: django-fsm alone would let much through."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from citylab.payments.models import Charge, Checkout, Refund
from citylab.pilots.models import Pilot
from citylab.proposals.models import Proposal

ROOT = Path(__file__).resolve().parents[2]
FILES = [path for top in ("citylab", "cms", "search") for path in sorted((ROOT / top).rglob("*.py")) if "migrations" not in path.parts]

# Where a state is written without a move, and why that is right.
ALLOWED = {
    # A booking's state (held, confirmed, freed) follows its case: it has no workflow of its own.
    "citylab/testbeds/services.py": {"booking.state = …"},
    # Pilots of the years before this product: they come in closed and never move.
    "citylab/pilots/services/archiving.py": {"Pilot(state=…)"},
    # Words of the taxonomy and records that editors publish: no case among them.
    "citylab/demo/catalogue.py": {"model.objects.bulk_create(…)"},
    # The bulk writer of load_volume: a test compares its rows with those that the services write.
    "citylab/demo/volume.py": {"model._default_manager.bulk_create(…)"},
}
CASES = ("Proposal", "Pilot", "Charge", "Checkout", "Refund")
WRITERS = {"create", "acreate", "update", "aupdate", "get_or_create", "update_or_create", "bulk_create", "bulk_update", "build", "make", "defaults"}


def writes(tree: ast.AST) -> Iterator[str]:
    """Every way to write a field called state: assignment, keyword, dictionary, setattr, __dict__, bulk_update, raw SQL."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                for part in ast.walk(target):
                    if isinstance(part, ast.Attribute) and part.attr in ("state", "state_id"):
                        yield f"{ast.unparse(part)} = …"
                    if isinstance(part, ast.Attribute) and part.attr == "__dict__":
                        yield f"{ast.unparse(part)} = …"
        if not isinstance(node, ast.Call):
            continue
        function = ast.unparse(node.func)
        name = function.rsplit(".", 1)[-1]
        # With a name from a variable the protected field itself refuses (test below).
        if name == "setattr" and any(isinstance(argument, ast.Constant) and argument.value == "state" for argument in node.args[1:2]):
            yield ast.unparse(node)
        if "__dict__" in function and name in ("update", "setdefault", "__setitem__"):
            yield f"{function}(…)"
        if name in WRITERS or function in CASES:
            if any(keyword.arg == "state" for keyword in node.keywords):
                yield f"{function}(state=…)"
            if any(isinstance(part, ast.Dict) and any(isinstance(key, ast.Constant) and key.value == "state" for key in part.keys) for part in ast.walk(node)):
                yield f"{function}({{'state': …}})"
        if name in ("bulk_create", "abulk_create") and (function.startswith(tuple(f"{case}." for case in CASES)) or not function[0].isupper()):
            yield f"{function}(…)"
        if name == "bulk_update" and any(isinstance(part, ast.Constant) and part.value == "state" for part in ast.walk(node)):
            yield f"{function}('state')"
        if name in ("execute", "raw") and any(isinstance(part, ast.Constant) and "state" in str(part.value).lower().split() for part in ast.walk(node)):
            yield f"{function}(state)"


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("proposal.state = 'approved'", ["proposal.state = …"]),
        ("a, proposal.state = 1, 2", ["proposal.state = …"]),
        ("Proposal.objects.create(state='approved')", ["Proposal.objects.create(state=…)"]),
        ("Proposal.objects.filter(pk=1).update(state='approved')", ["Proposal.objects.filter(pk=1).update(state=…)"]),
        ("Proposal.objects.update(**{'state': 'approved'})", ["Proposal.objects.update({'state': …})"]),
        ("Proposal.objects.get_or_create(pk=1, defaults={'state': 'approved'})", ["Proposal.objects.get_or_create({'state': …})"]),
        ("Proposal(state='approved').save()", ["Proposal(state=…)"]),
        ("setattr(proposal, 'state', 'approved')", ["setattr(proposal, 'state', 'approved')"]),
        ("proposal.__dict__['state'] = 'approved'", ["proposal.__dict__ = …"]),
        ("proposal.__dict__.update(state='approved')", ["proposal.__dict__.update(…)", "proposal.__dict__.update(state=…)"]),
        ("Proposal.objects.bulk_update(found, ['state'])", ["Proposal.objects.bulk_update('state')"]),
        ("Pilot.objects.bulk_create(copies)", ["Pilot.objects.bulk_create(…)"]),
        ("Charge(state='paid')", ["Charge(state=…)"]),
        ("Refund.objects.filter(pk=1).update(state='done')", ["Refund.objects.filter(pk=1).update(state=…)"]),
        ("model.objects.bulk_create(copies)", ["model.objects.bulk_create(…)"]),
        ("Note.objects.bulk_create(copies)", []),
        ("cursor.execute('UPDATE proposals_proposal SET state = 1')", ["cursor.execute(state)"]),
        ("Proposal.objects.filter(state='draft')", []),
        ("setattr(proposal, 'title', 'x')", []),
    ],
)
def test_every_way_to_write_a_state_is_seen(code, found):
    assert list(writes(ast.parse(code))) == found


def test_only_transitions_write_the_state_of_a_case():
    found = {}
    for path in FILES:
        seen = set(writes(ast.parse(path.read_text())))
        if seen:
            found[str(path.relative_to(ROOT))] = seen
    unexplained = {path: seen - ALLOWED.get(path, set()) for path, seen in found.items() if seen - ALLOWED.get(path, set())}
    assert unexplained == {}
    assert {path: reasons - found.get(path, set()) for path, reasons in ALLOWED.items() if reasons - found.get(path, set())} == {}


@pytest.mark.parametrize("model", [Proposal, Pilot, Charge, Checkout, Refund])
def test_the_field_itself_refuses_assignment(model):
    case = model()
    with pytest.raises(AttributeError):
        setattr(case, "state", "approved")

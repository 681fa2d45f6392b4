"""The bundled example judged again from its results: everything a run says can be made again from what it wrote."""

from __future__ import annotations

import pytest
from examplerun import example_results

import mudian as md
from mudian.comparing.packs_of_run import run_policy
from mudian.comparing.worlds import judge_worlds, stored, target_rules
from mudian.evaluation import load


@pytest.fixture(scope="module")
def folder():
    return example_results()


@pytest.mark.slow
@pytest.mark.parametrize("layers", [True, False])
def test_every_verdict_comes_out_as_it_did(folder, layers):
    """With the constraint layers, and without them from the findings of the run."""
    run = load(folder, layers=layers)
    policy = run_policy(run)
    assert policy.exact
    targets = target_rules((run, run))
    again = judge_worlds((run, run), (policy, policy), targets)[0, 0, 0]
    for kind, table in stored(run, targets).tables.items():
        assert again.tables[kind].equals(table), kind


@pytest.mark.slow
def test_the_example_against_itself(folder):
    found = md.compare(folder, folder)
    assert len(found.verdicts) + len(found.changes) + len(found.policies) == 0
    assert set(found.inputs["state"]) == {"same"}
    assert found.land["before_m2"].sum() == pytest.approx(md.load(folder).parcels["area_m2"].sum())

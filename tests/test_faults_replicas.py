"""Three servers over one published folder and one Chroma server; a replica and Chroma killed."""

from __future__ import annotations

import pytest

from evals.drills.replicas import replicas

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def test_no_answer_is_wrong_or_lost_while_a_replica_and_chroma_are_killed(tmp_path):
    assert "none wrong or mixed" in replicas(tmp_path, few=True)

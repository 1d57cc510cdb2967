"""Each source reads what is hostile and half broken in little time and memory, and says so."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bots import ROOT
from tests.hostile_inputs import SECRET, hostile_server
from tests.longer import usually
from tests.sourcecontract import one_line

MOST_MB, SECONDS, PATIENCE = 300, 20, 300


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and links are made in other ways there")
@pytest.mark.parametrize(
    "sources",
    [
        "thyme git activitywatch agents calendar",
        "slack jira taiga toggl clockify github gitlab",
    ],
)
def test_hostile_inputs_end_with_a_sentence(sources: str, tmp_path: Path) -> None:
    with hostile_server() as url:
        ended = subprocess.run(
            [sys.executable, "-m", "tests.hostile_inputs", sources, str(tmp_path), url,
             *usually([], ["all"])],
            cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    *cases, peak = map(json.loads, ended.stdout.splitlines())
    assert {case.partition(":")[0] for case, *_ in cases} == set(sources.split())
    for case, seconds, sentences in cases:
        assert seconds < SECONDS, case
        for sentence in sentences:
            assert one_line(sentence), case
            assert SECRET not in sentence, case
    assert peak < MOST_MB

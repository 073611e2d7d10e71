"""Every planted fault still fits the source, so that `make mutants` tests what it says."""

from __future__ import annotations

import ast
import shlex
from collections import Counter

import pytest
from planted import ROOT, Fault, faults


@pytest.mark.parametrize("fault", faults(), ids=lambda fault: fault.what)
def test_a_fault_fits(fault: Fault) -> None:
    ast.parse(fault.planted((ROOT / fault.file).read_text(encoding="utf-8")))
    named = shlex.split(fault.tests)[0].split("::")[0]
    assert (ROOT / named).is_file()


def test_there_are_many_and_none_twice() -> None:
    assert len(faults()) >= 60
    assert not [what for what, times in Counter(fault.what for fault in faults()).items() if times > 1]

# SPDX-License-Identifier: MIT
"""Programs that live at a terminal, from Debian's packages: shells with jobs, editors, screens.

Inside, tmux is the terminal: it is sent keys, and what its windows show is looked at. Debian's
Linux has to print the same, on any number of processors.
"""
import pathlib

import oracle
import programs
import pytest

SCRIPT = pathlib.Path(__file__).parent / "scripts/screens.sh"
PACKAGES = ("bash zsh dash tmux vim emacs-nox htop less screen procps expect bsdutils sed grep "
            "libc-bin ncurses-base ncurses-term").split()
PARTS = ("jobs_in_shells record_with_script talk_with_expect page_with_less windows_of_tmux "
         "screens_in_screen look_with_htop edit_with_vim edit_with_emacs").split()


@pytest.mark.parametrize("cpus", ["1", "2", "4"])
def test_programs_at_a_terminal(linnet, cpus):
    initrd = programs.debian("screens", PACKAGES, {"work/screens.sh": SCRIPT.read_bytes()})
    words = ["bash", "/work/screens.sh", *PARTS]
    expected, status = oracle.linux(words, initrd, memory="2G")
    assert b"never seen" not in expected and status == 0, expected.decode()
    got, status = linnet.run_in(initrd, cpus, *words, memory="2G", seconds=400)
    oracle.assert_same(expected, got)
    assert status == 0

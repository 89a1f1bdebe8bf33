# SPDX-License-Identifier: MIT
"""busybox's applets by the group: scripts/*.sh print inside what they print on Linux.

All groups run in one machine, one after the other; each line of output is compared, and
the script is the place to look for the command that printed it.
"""
import difflib
import pathlib

import oracle
import programs
import pytest
from conftest import Linnet

SCRIPTS = pathlib.Path(__file__).parent / "scripts"
GROUPS = ["files", "text", "archives", "processes", "shell", "machine"]
DRIVER = b"""
export TZ=UTC0 LC_ALL=C
for g in files text archives processes shell machine; do
	mkdir -p /tmp/$g; cd /tmp/$g
	echo "@begin $g"
	sh /scripts/$g.sh </dev/null 2>&1
	echo "@end $?"
done
"""


@pytest.fixture(scope="module")
def outputs():
    """(Linux, inside): {group: lines}."""
    members = {"scripts/%s.sh" % g: (SCRIPTS / (g + ".sh")).read_bytes() for g in GROUPS}
    initrd = programs.initramfs("applets", members)
    inside = Linnet().run("/bin/sh", options=["--initrd", str(initrd)], stdin=DRIVER, timeout=200)
    return tuple(parts(text.decode(errors="replace"))
                 for text in (oracle.linux(["/bin/sh"], initrd, DRIVER)[0], inside.stdout))


def parts(text):
    found, lines = {}, []
    for line in text.splitlines():
        if line.startswith("@begin "):
            lines = found.setdefault(line.split()[1], [])
        else:
            lines.append(line)
    return found


@pytest.mark.parametrize("group", GROUPS)
def test_group_of_applets(outputs, group):
    linux, inside = (found.get(group, []) for found in outputs)
    assert linux and linux[-1].startswith("@end "), "Linux itself did not finish"
    difference = "\n".join(difflib.unified_diff(linux, inside, "linux", "inside", "", "", 2, ""))
    assert not difference, difference

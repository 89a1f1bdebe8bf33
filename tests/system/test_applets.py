# SPDX-License-Identifier: MIT
"""busybox's applets by the group: scripts/*.sh print inside what they print on Linux.

Each line of output is compared; the script is the place to look for the command that
printed it.
"""
import pathlib

import oracle
import programs
import pytest

SCRIPTS = pathlib.Path(__file__).parent / "scripts"
DRIVER = b"""
export TZ=UTC0 LC_ALL=C
mkdir /tmp/here; cd /tmp/here
sh /script.sh </dev/null 2>&1
"""


@pytest.mark.parametrize("group", ["files", "text", "archives", "processes", "shell", "machine"])
def test_group_of_applets(linnet, group):
    initrd = programs.initramfs(group, {"script.sh": (SCRIPTS / (group + ".sh")).read_bytes()})
    done = linnet.run("/bin/sh", options=["--initrd", str(initrd), "--timeout", "60"],
                      stdin=DRIVER)
    oracle.assert_same(oracle.linux(["/bin/sh"], initrd, DRIVER)[0], done.stdout)

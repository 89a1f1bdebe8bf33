# SPDX-License-Identifier: MIT
"""What fork costs a process that has much memory: a few times a small one, where copying would be hundreds."""
import pathlib
import re

import programs
import pytest

SCRIPTS = pathlib.Path(__file__).parent / "scripts"


@pytest.mark.parametrize("mib, memory, small", [
    ("512", "1G", False), ("512", "1G", True),
    pytest.param("4096", "6G", False, marks=pytest.mark.deep),
    pytest.param("4096", "6G", True, marks=pytest.mark.deep)])
@pytest.mark.linnet
def test_fork_of_a_large_process(linnet, mib, memory, small):
    path = programs.c_program("forklarge", (SCRIPTS / "forklarge.c").read_text())
    image = programs.initramfs("forklarge", {"forklarge": path.read_bytes()})
    done = linnet.run("/forklarge", mib, *(["small"] if small else []),
                      options=["--initrd", str(image), "--memory", memory])
    text = done.stdout.decode()
    assert float(re.search(r"([\d.]+) times", text).group(1)) < 12, text + done.stderr.decode()
    print(text)

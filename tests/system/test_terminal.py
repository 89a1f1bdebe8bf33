# SPDX-License-Identifier: MIT
"""The serial terminal under load, flow control, and the devices without hardware."""
import hashlib
import time

import pexpect
from conftest import PROMPT


def test_pasted_lines_are_neither_lost_nor_mixed(linnet):
    """Much faster than anybody types, with echo, while the reader is slow to start."""
    shell = linnet.shell()
    lines = "".join("line %d %s\n" % (i, "x" * (i % 70)) for i in range(2000))
    shell.sendline("stty -echo; echo ready; sleep 1; cat >/tmp/f; stty echo; md5sum /tmp/f")
    shell.expect("ready\r\n")
    for at in range(0, len(lines), 2000):
        shell.send(lines[at:at + 2000])
    shell.send("\x04")
    shell.expect(r"([0-9a-f]{32})  /tmp/f", timeout=120)
    assert shell.match[1].decode() == hashlib.md5(lines.encode()).hexdigest()
    shell.close(force=True)


def test_echo_of_pasted_lines_is_complete(linnet):
    shell = linnet.shell()
    shell.sendline("cat >/tmp/f; wc -l /tmp/f")
    time.sleep(0.5)
    words = ["word%04d" % i for i in range(1000)]
    shell.send("\n".join(words) + "\n\x04")
    for word in words:
        shell.expect_exact(word + "\r\n")
    shell.expect("1000 /tmp/f")
    shell.close(force=True)


def test_stop_and_start_keys(linnet):
    shell = linnet.shell()
    shell.sendline("i=0; while [ $i -lt 1000000 ]; do echo tick$i; i=$((i+1)); done")
    shell.expect("tick100\r\n")
    shell.sendcontrol("s")
    while shell.expect([r"tick\d+\r\n", pexpect.TIMEOUT], timeout=3) == 0:
        pass						# what was on its way
    shell.sendcontrol("q")
    shell.expect(r"tick\d+\r\n")
    shell.sendcontrol("s")
    shell.sendcontrol("c")				# a signal starts output again
    shell.expect(PROMPT)
    shell.close(force=True)


def test_background_output_and_tostop(linnet):
    shell = linnet.shell()
    shell.sendline("stty tostop; (sleep 1; echo late; echo never) &")
    shell.expect(PROMPT)
    time.sleep(2)
    shell.sendline("jobs")
    shell.expect(r"Stopped \(tty output\)|Stopped")
    shell.sendline("fg")
    shell.expect("late\r\nnever\r\n")
    shell.expect(PROMPT)
    shell.close(force=True)


def test_null_zero_full_random(linnet):
    assert linnet.sh("""
        cat /dev/null | wc -c
        echo gone >/dev/null && echo written
        head -c 100000 /dev/zero | tr -d '\\0' | wc -c
        head -c 3 /dev/full | od -An -tx1
        echo x >/dev/full || echo full
        a=$(head -c 32 /dev/urandom | od -An -tx1)
        b=$(head -c 32 /dev/random | od -An -tx1)
        [ "$a" != "$b" ] && echo differ
        head -c 300000 /dev/urandom | gzip | wc -c | cut -c1
        stat -c '%t %T %a' /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty /dev/console
    """) == "\n".join(["0", "written", "0", " 00 00 00", "full", "differ", "3", "1 3 666", "1 5 666",
                       "1 7 666", "1 8 666", "1 9 666", "5 0 666", "5 1 600", ""])


def test_kernel_log_device(linnet):
    out = linnet.sh("""
        echo '<4>from a program' >/dev/kmsg
        dmesg | tail -n 1
        grep -m1 'from a program' /dev/kmsg
    """)
    first, second = out.splitlines()
    assert first.endswith("from a program")
    # Linux adds the facility "user" (8) to what programs write.
    assert second.split(",")[0] in ("4", "12") and second.endswith(",-;from a program")

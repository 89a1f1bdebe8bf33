# SPDX-License-Identifier: MIT
"""The screen and the keyboard: a PC whose VGA memory is read and whose keys are pressed."""
import subprocess
import time

import pytest

pytestmark = pytest.mark.linnet

NAMES = {" ": "spc", "\n": "ret", "/": "slash", "-": "minus", ".": "dot", ";": "semicolon",
         "|": "shift-backslash", ">": "shift-dot", "\\": "backslash", "'": "apostrophe",
         "[": "bracket_left", "=": "equal", "$": "shift-4", "?": "shift-slash", "_": "shift-minus",
         ":": "shift-semicolon", "!": "shift-1"}


class Screen:
    """A machine without a serial console, run through its keyboard and its monitor."""

    def __init__(self, root, folder):
        self.memory = folder / "vga"
        self.serial = folder / "serial"
        self.qemu = subprocess.Popen(
            ["timeout", "120", "qemu-system-x86_64", "-M", "pc", "-accel", "tcg", "-m", "256",
             "-nodefaults", "-no-reboot", "-display", "none", "-vga", "std", "-monitor", "stdio",
             "-serial", f"file:{self.serial}", "-kernel", str(root / "build/linnet.elf"),
             "-initrd", str(root / "build/initramfs.cpio"), "-append", "quiet panic=-1"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)

    def monitor(self, command):
        self.qemu.stdin.write(command.encode() + b"\n")
        self.qemu.stdin.flush()

    def key(self, name):
        self.monitor("sendkey " + name + " 1")
        time.sleep(0.06)	# the monitor's own timer lets the key go

    def type(self, text):
        for c in text:
            self.key(NAMES.get(c, "shift-" + c.lower() if c.isupper() else c))

    def cells(self):
        self.memory.unlink(missing_ok=True)
        self.monitor(f'pmemsave 0xb8000 32768 "{self.memory}"')
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            time.sleep(0.1)
            if self.memory.exists() and self.memory.stat().st_size == 32768:
                return self.memory.read_bytes()
        raise AssertionError("no answer from the monitor")

    def lines(self):
        text = self.cells()[::2].replace(b"\0", b" ").decode("cp437")
        return [text[i:i + 80].rstrip() for i in range(0, len(text), 80)]

    def expect(self, line, count=1, timeout=30):
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            seen = self.lines()
            if sum(line in s for s in seen) >= count:
                return
        raise AssertionError(f"{line!r} not on the screen:\n" + "\n".join(s for s in seen if s))

    def close(self):
        self.monitor("quit")
        self.qemu.wait(20)


@pytest.fixture
def screen(root, tmp_path):
    machine = Screen(root, tmp_path)
    yield machine
    machine.close()


def test_shell_on_the_screen(screen):
    screen.expect("root@linnet:")
    screen.type("echo One-Two | tr a-z A-Z\n")
    screen.expect("ONE-TWO")
    screen.key("up")					# history
    screen.key("ret")
    screen.expect("ONE-TWO", 2)
    screen.type("sleep 1000\n")
    time.sleep(1)
    screen.key("ctrl-c")
    screen.type("echo status $?\n")
    screen.expect("status 130")
    screen.type("tty; stty size; echo $TERM\n")
    screen.expect("/dev/tty")
    screen.expect("25 80")
    screen.expect("linux")
    screen.type("echo to the line > /dev/ttyS0\n")
    deadline = time.monotonic() + 10
    while b"to the line" not in screen.serial.read_bytes() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert screen.serial.read_bytes().endswith(b"to the line\r\n")


def test_scrolling_colours_and_vi(screen):
    screen.expect("root@linnet:")
    screen.type("clear; seq 1000 1300\n")		# more than the card's memory holds
    screen.expect("1300")
    seen = [int(s) for s in screen.lines() if s.isdigit()]
    last = seen.index(1300)
    assert seen[last - 20:last + 1] == list(range(1280, 1301))
    screen.type("clear; printf '\\033[31;44mred\\033[m plain\\n'\n")
    screen.expect("red plain")
    data = screen.cells()
    at = data.index(b"r\x14e\x14d\x14")
    assert data[at + 6:at + 10] == b" \x07p\x07"
    screen.type("vi /tmp/x\n")
    screen.expect("~", 20)
    screen.type("ihello")
    screen.key("esc")
    time.sleep(1)
    screen.type(":wq\n")
    time.sleep(1)
    screen.type("clear; wc -c /tmp/x\n")
    screen.expect("6 /tmp/x")

# SPDX-License-Identifier: MIT
"""Keys that make the kernel tell about itself (kernel/base/sysrq.h)."""
import json
import pathlib
import socket
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def tell(keys, cpus=2):
    script = "".join("echo %s > /proc/sysrq-trigger; " % key for key in keys)
    done = subprocess.run([str(ROOT / "linnet"), "run", "--verbose", "--cpus", str(cpus), "--", "/bin/sh", "-c",
                           "sleep 1000 & " + script + "exit 7"], capture_output=True, text=True, timeout=120,
                          stdin=subprocess.DEVNULL)
    assert done.returncode == 7
    return done.stdout + done.stderr


def test_help_names_the_keys():
    text = tell("h")
    for word in ("show-all-locks(d)", "show-task-states(t)", "show-blocked-tasks(w)",
                 "show-backtrace-all-active-cpus(l)", "help(h)"):
        assert word in text


def test_tasks_and_processors_with_call_chains():
    text = tell("tl", cpus=3)
    assert "task:worker/2" in text and "worker_main+0x" in text
    assert "state: sleeps" in text and "sched_switch+0x" in text
    for cpu in range(3):
        assert "processor %d, thread " % cpu in text
    assert "sched_idle+0x" in text


def test_locks_and_blocked_tasks_without_any_deadlock():
    text = tell("dw")
    assert "show-all-locks(d)" in text and "show-blocked-tasks(w)" in text
    assert "DEADLOCK" not in text


def break_and_type(qemu, console, keys):
    """A break on the serial line, then these keys."""
    for command in ({"execute": "qmp_capabilities"},
                    {"execute": "chardev-send-break", "arguments": {"id": "line"}}):
        qemu.stdin.write(json.dumps(command).encode() + b"\n")
        qemu.stdin.flush()
        while b"return" not in qemu.stdout.readline():
            pass
    console.sendall(keys)


def read_until(console, word):
    text = b""
    while word not in text:
        more = console.recv(4096)
        assert more, text
        text += more
    return text


def test_a_break_on_the_serial_line_makes_the_next_key_the_kernels(tmp_path):
    qemu = subprocess.Popen(
        ["qemu-system-x86_64", "-M", "microvm", "-accel", "tcg", "-m", "128", "-nodefaults", "-no-reboot",
         "-display", "none", "-chardev", "socket,id=line,path=%s/line,server=on" % tmp_path,
         "-serial", "chardev:line", "-qmp", "stdio", "-kernel", str(ROOT / "build/linnet.elf"),
         "-initrd", str(ROOT / "build/initramfs.cpio"), "-append", "console=ttyS0 quiet rdinit=/bin/sh"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        while not (tmp_path / "line").exists():
            assert qemu.poll() is None
        with socket.socket(socket.AF_UNIX) as console:
            console.settimeout(60)
            console.connect(str(tmp_path / "line"))
            read_until(console, b"# ")
            break_and_type(qemu, console, b"h")
            text = read_until(console, b"show-all-locks(d)")
            assert b"sysrq: help(h)" in text
            console.sendall(b"echo h$((6 * 7))\n") # the key went to the kernel, later ones to the shell
            assert b"h42" in read_until(console, b"h42")
    finally:
        qemu.kill()
        qemu.communicate()

# SPDX-License-Identifier: MIT
"""The BIOS boot loader: what it hands to the kernel, and what it says when it cannot.

A payload takes the kernel's place and prints the PVH start info. QEMU's own PVH loader starts
the same payload, and both must hand over the same. A "hook" boot sector on a first disk spoils
the BIOS before the loader runs from a second one.
"""
import os
import random
import select
import struct
import subprocess
import time
import zlib

import pytest

pytestmark = pytest.mark.linnet

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD", "build")
TESTS = os.path.join(ROOT, BUILD, "tests/boot")
PAYLOAD = os.path.join(TESTS, "payload.elf")
LOADER = os.path.join(ROOT, BUILD, "loader.bin")
QEMU = ["/usr/bin/qemu-system-x86_64", "-accel", "tcg", "-nodefaults", "-display", "none",
        "-no-reboot", "-device", "isa-debug-exit,iobase=0xf4"]
TIMEOUT = 60            # seconds; on an idle machine a boot takes less than one
QUIET = 0.3             # how long the machine must stay silent after its line
PAYLOAD_STATUS = 85     # what isa-debug-exit makes of the payload's 0x2a
CMDLINE = "console=ttyS0 quiet -- 'a b'  c"
SECTOR = 512
HEADER = 1 * SECTOR
STAGE2 = 2 * SECTOR
PARTS = 64 * SECTOR
MIB = 1 << 20

DRIVE = {
    "ide": ["-drive", "format=raw,file={}"],
    "virtio": ["-drive", "format=raw,if=virtio,file={}"],
    "usb": ["-device", "nec-usb-xhci", "-device", "usb-storage,drive=stick",
            "-drive", "format=raw,if=none,id=stick,file={}"],
}

# Bits of hook.S
NO_E820, FAIL_READS, SHUT_A20, NO_LBA, SHUT_A20_BIOS_OPENS = 1, 2, 4, 8, 16


@pytest.fixture(scope="module", autouse=True)
def built():
    subprocess.run(["make", "-s", f"BUILD={BUILD}", f"{BUILD}/tests/boot"], cwd=ROOT, check=True)


@pytest.fixture(scope="module")
def initrds(tmp_path_factory):
    """Files of random bytes, by size, made when first asked for."""
    folder, files = tmp_path_factory.mktemp("initrd"), {}

    def get(size):
        if size not in files:
            files[size] = folder / str(size)
            files[size].write_bytes(random.Random(size).randbytes(size))
        return files[size]
    return get


@pytest.fixture
def image(tmp_path, initrds):
    """Makes an image of the payload; its path."""
    def make(initrd=0, kernel=PAYLOAD, cmdline=CMDLINE, name="disk.img"):
        path = tmp_path / name
        subprocess.run([ROOT + "/tools/mkimage", "--loader", LOADER, "--kernel", kernel,
                        "--initrd", initrds(initrd), "--cmdline", cmdline, "--output", path],
                       check=True)
        return path
    return make


def drive(path, bus="ide"):
    return [option.format(path) for option in DRIVE[bus]]


def run_payload(*options):
    """Runs QEMU until the payload ends it; the payload's lines as a dictionary."""
    done = subprocess.run([*QEMU, "-serial", "stdio", *options], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, timeout=TIMEOUT)
    assert done.returncode == PAYLOAD_STATUS, done.stdout
    assert done.stdout.startswith(b"magic="), "the loader must be silent on the serial line"
    return dict(line.split("=", 1) for line in done.stdout.decode().splitlines())


def failure(*options):
    """Runs QEMU until the machine has said a line and then nothing more; all that it said."""
    said, deadline = b"", time.monotonic() + TIMEOUT
    with subprocess.Popen([*QEMU, "-serial", "stdio", *options], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE) as qemu:
        try:
            while time.monotonic() < deadline:
                wait = QUIET if said.endswith(b"\r\n") else deadline - time.monotonic()
                if not select.select([qemu.stdout], [], [], wait)[0]:
                    break
                piece = os.read(qemu.stdout.fileno(), 4096)
                if not piece:
                    break
                said += piece
            assert qemu.poll() is None, "the machine must halt, not reset or end"
        finally:
            qemu.kill()
    return said.decode()


def corrupt(path, offset, value=None):
    """Changes bytes of a file: the one at offset inverted, or `value` written there."""
    with open(path, "r+b") as file:
        file.seek(offset)
        byte = file.read(1)
        file.seek(offset)
        file.write(value or bytes([byte[0] ^ 0xff]))


def hooked(tmp_path, path, spoil):
    """QEMU's options for starting `path` as the second disk, behind the hook."""
    hook = tmp_path / "hook.img"
    with open(os.path.join(TESTS, "hook.bin"), "rb") as file:
        code = file.read()
    hook.write_bytes((code[:3] + bytes([spoil]) + code[4:]).ljust(MIB, b"\0"))
    return [*drive(hook), *drive(path)]


@pytest.mark.parametrize("machine,bus,memory,initrd", [
    ("pc", "ide", "24M", 0),
    ("pc", "ide", "24M", 1),
    ("pc", "virtio", "24M", 20 * MIB),
    ("pc", "virtio", "4G", 0),
    ("pc", "virtio", "4G", 40 * MIB),
    ("pc", "ide", "16G", 1),
    ("pc", "virtio", "16G", 40 * MIB),
    ("pc", "usb", "64M", 5 * MIB + 3),
    ("q35", "ide", "24M", 1),
    ("q35", "ide", "4G", 40 * MIB),
    ("q35", "ide", "16G", 0),
    ("q35", "usb", "64M", 4096),
])
def test_hands_over_the_same_as_qemu(image, initrds, machine, bus, memory, initrd):
    # QEMU's loader has the same disk beside it, since firmware takes memory for its driver.
    same = ["-M", machine, "-m", memory, *drive(image(initrd), bus)]
    ours = run_payload(*same)
    module = ["-initrd", initrds(initrd)] if initrd else []
    qemus = run_payload(*same, "-kernel", PAYLOAD, "-append", "by QEMU", *module)

    assert ours.pop("cmdline") == CMDLINE and qemus.pop("cmdline") == "by QEMU"
    assert int(ours["modules"], 16) == (1 if initrd else 0)
    if initrd:
        assert int(ours["module_size"], 16) == initrd
        assert int(ours["module_sum"], 16) == zlib.adler32(initrds(initrd).read_bytes())
    assert ours == qemus


def test_no_acpi_no_rsdp(image):
    assert int(run_payload("-M", "pc,acpi=off", *drive(image()))["rsdp"], 16) == 0


def test_longest_command_line(image):
    text = "x" * 4095
    assert run_payload(*drive(image(cmdline=text)))["cmdline"] == text


@pytest.mark.parametrize("spoil", [FAIL_READS, SHUT_A20, SHUT_A20_BIOS_OPENS])
def test_copes_with_a_bad_bios(tmp_path, image, spoil):
    got = run_payload(*hooked(tmp_path, image(MIB), spoil))
    assert int(got["module_size"], 16) == MIB


def test_no_e820(tmp_path, image):
    assert failure(*hooked(tmp_path, image(), NO_E820)) == \
        "linnet boot: the BIOS gives no memory map (E820)\r\n"


def test_no_lba(tmp_path, image):
    assert failure(*hooked(tmp_path, image(), NO_LBA)) == \
        "linnet boot: this BIOS reads no disk by block number\r\n"


def test_no_long_mode(image):
    assert failure("-cpu", "qemu32", *drive(image())) == \
        "linnet boot: this processor has no long mode (64-bit)\r\n"


def tell_monitor(qemu, *commands):
    """Types commands, the last of which ends QEMU. Its input stays open: a monitor that sees
    the end of it together with the commands may forget them."""
    try:
        qemu.stdin.write(("\n".join(commands) + "\n").encode())
        qemu.stdin.flush()
        qemu.wait(TIMEOUT)
    finally:
        qemu.kill()


def test_failure_is_on_the_screen_too(tmp_path, image):
    screen = tmp_path / "screen"
    options = [*QEMU, "-cpu", "qemu32", "-vga", "std", *drive(image()),
               "-serial", f"file:{tmp_path}/serial", "-monitor", "stdio"]
    with subprocess.Popen(options, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as qemu:
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            time.sleep(0.1)
            serial = tmp_path / "serial"
            if serial.exists() and b"\n" in serial.read_bytes():
                break
        tell_monitor(qemu, f'pmemsave 0xb8000 4000 "{screen}"', "quit")
    text = screen.read_bytes()[::2].decode("cp437")
    assert "linnet boot: this processor has no long mode (64-bit)" in text


def test_failure_without_a_serial_port(image):
    # Nothing answers at COM1: the loader must not hang before its line, only after it.
    with subprocess.Popen([*QEMU, "-cpu", "qemu32", *drive(image()), "-monitor", "stdio"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as qemu:
        time.sleep(2)
        tell_monitor(qemu, "info registers", "quit")
        out = qemu.stdout.read()
    assert b"HLT=1" in out


@pytest.mark.parametrize("size,message", [
    (SECTOR, "disk read error"),
    (MIB, "disk read error at sector 0x"),
])
def test_truncated_image(image, size, message):
    path = image(2 * MIB)
    os.truncate(path, size)
    said = failure(*drive(path))
    assert said.startswith("linnet boot: " + message) and said.count("\n") == 1


def test_no_image(image):
    path = image()
    corrupt(path, HEADER)
    assert failure(*drive(path)) == "linnet boot: no Linnet image behind the boot sector\r\n"


@pytest.mark.parametrize("offset,name", [
    (HEADER + 40, "image header"),
    (STAGE2 + 4000, "loader"),
    (PARTS + 3, "command line"),
    (PARTS + 8 * SECTOR + 0x1100, "kernel"),
    (-100, "initramfs"),
])
def test_corrupted_checksum(image, offset, name):
    path = image(MIB - PARTS)
    if offset < 0:
        with open(path, "rb") as file:
            lba, size = struct.unpack("<QQ", file.read()[HEADER + 88:HEADER + 104])
        offset += lba * SECTOR + size
    corrupt(path, offset)
    assert failure(*drive(path)) == f"linnet boot: {name}: bad checksum\r\n"


def test_too_little_memory_for_the_initramfs(image):
    assert failure("-m", "24M", *drive(image(40 * MIB), "virtio")) == \
        "linnet boot: too little memory for the initramfs, bytes needed: 0x2800000\r\n"


def test_too_little_memory_for_the_kernel(image, initrds):
    assert failure("-m", "24M", *drive(image(kernel=initrds(40 * MIB)), "virtio")) == \
        "linnet boot: too little memory for the kernel, bytes needed: 0x2800000\r\n"


# Offsets in an ELF64 file, whose program headers follow the file's header.
ELF_MACHINE, ELF_PHOFF, PHDR_0, PHDR_1 = 18, 32, 64, 64 + 56
P_OFFSET, P_PADDR, P_FILESZ, P_MEMSZ = 8, 24, 32, 40


@pytest.mark.parametrize("offset,value,message", [
    (0, 0, "the kernel is not an ELF64 file for x86-64"),
    (ELF_PHOFF, 1 << 63, "the kernel's ELF file is damaged"),
    (ELF_PHOFF, 0x7ffffff0, "the kernel's ELF file is damaged"),
    (PHDR_0 + P_OFFSET, (1 << 64) - 16, "the kernel's ELF file is damaged"),
    (PHDR_1 + P_FILESZ, 1 << 32, "the kernel's ELF file is damaged"),
    (PHDR_1 + P_MEMSZ, 1, "the kernel's ELF file is damaged"),
    (PHDR_1 + P_MEMSZ, (1 << 64) - 1, "too little memory for the kernel: no RAM at 0x200000"),
    (PHDR_1 + P_PADDR, 0x8000, "too little memory for the kernel: no RAM at 0x8000"),
    (PHDR_1 + P_PADDR, 0x100200, "too little memory for the kernel: no RAM at 0x100200"),
    (PHDR_1 + P_PADDR, 1 << 40, "too little memory for the kernel: no RAM at 0x10000000000"),
    (None, None, "the kernel has no PVH entry note"),
])
def test_damaged_kernel(tmp_path, image, offset, value, message):
    kernel = tmp_path / "kernel"
    with open(PAYLOAD, "rb") as file:
        data = file.read()
    kernel.write_bytes(data)
    if offset is None:
        corrupt(kernel, data.index(b"Xen\0"))
    else:
        corrupt(kernel, offset, struct.pack("<Q", value))
    assert failure("-m", "64M", *drive(image(kernel=kernel))) == f"linnet boot: {message}\r\n"


def test_partition_table(image):
    path = image(3 * MIB)
    data = path.read_bytes()
    assert data[510:512] == b"\x55\xaa" and len(data) % MIB == 0
    active, _, kind, _, first, count = struct.unpack("<B3sB3sII", data[446:462])
    assert (active, kind, first) == (0x80, 0xda, 1)
    assert (first + count) * SECTOR == len(data)
    assert data[462:510] == bytes(48)


def test_same_input_same_image(image):
    assert image(MIB, name="a").read_bytes() == image(MIB, name="b").read_bytes()


def test_mkimage_failure_leaves_nothing(tmp_path):
    done = subprocess.run([ROOT + "/tools/mkimage", "--loader", LOADER, "--kernel",
                           tmp_path / "missing", "--output", tmp_path / "disk.img"],
                          stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert done.stderr.decode() == f"mkimage: {tmp_path}/missing: No such file or directory\n"
    assert os.listdir(tmp_path) == []

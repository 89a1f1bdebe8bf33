# SPDX-License-Identifier: MIT
"""virtio devices by every way they come: PCI with message interrupts, memory by ACPI or the command line."""
import re

import programs
import pytest
from test_machines import bare, built  # noqa: F401 (a fixture)

pytestmark = pytest.mark.linnet
MODERN = ["-global", "virtio-mmio.force-legacy=false"]
INIT = b"""#!/bin/sh
mount -t devtmpfs dev /dev
mount -t proc proc /proc
head -c 1000 /dev/hwrng | wc -c
cat /proc/interrupts
echo the end
poweroff -f
"""


def run(*options, words="quiet"):
    """What a machine with those options says that reads random bytes from its device."""
    return bare(*options, words=words + " rdinit=/virtio.sh",
                initrd=programs.initramfs("virtio", {"virtio.sh": INIT}))[0]


@pytest.mark.parametrize("machine, device", [
    ("pc", "virtio-rng-pci"), ("q35", "virtio-rng-pci"), ("q35", "virtio-rng-pci,vectors=0"),
    ("microvm", "virtio-rng-device"), ("microvm,ioapic2=off", "virtio-rng-device"),
    ("microvm,acpi=off", "virtio-rng-device")])
def test_random_bytes_of_the_host(machine, device):
    text = run("-M", machine, "-device", device, *MODERN)
    if "vectors=0" in device:	# it could only interrupt by a line
        assert "virtio-rng: error" in text and "the end" in text
        return
    assert re.search(r"^1000\r?$", text, re.M), text
    assert int(re.search(r"[1-9]\d+ .*virtio0", text)[0].split()[0]) > 0, text


def test_processors_share_the_interrupts():
    text = run("-M", "q35", "-smp", "4", "-device", "virtio-rng-pci", *MODERN)
    assert re.search(r"^1000\r?$", text, re.M), text


def test_several_devices_and_one_driver():
    text = run("-M", "q35", "-device", "virtio-rng-pci", "-device", "virtio-rng-pci")
    assert re.search(r"^1000\r?$", text, re.M) and "virtio1: virtio-rng: error" in text, text


def test_registers_from_before_virtio_1_are_named():
    text = run("-M", "microvm", "-device", "virtio-rng-device", words="")
    assert "has the registers of before virtio 1.0" in text and "the end" in text, text


def test_wrong_words_are_named():
    text = run("-M", "microvm,acpi=off", words="virtio_mmio.device=512@nowhere:5")
    assert "virtio_mmio.device=512@nowhere:5: not SIZE@ADDRESS:INTERRUPT" in text, text

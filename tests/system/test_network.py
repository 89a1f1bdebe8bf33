# SPDX-License-Identifier: MIT
"""The Internet families over loopback, and netlink, as Debian's programs use them: Python's
own tests, ip(8), ss(8)."""
import re

import programs
import pytest

PACKAGES = "iproute2 iputils-ping netbase python3 libpython3.11-testsuite grep sed".split()


@pytest.fixture(scope="module")
def tree():
    return programs.debian("network", PACKAGES, {})


@pytest.fixture
def script(linnet, tree):
    """What a script of bash prints, which has to end well."""
    def runs(text, cpus="1"):
        output, status = linnet.run_in(tree, cpus, "/bin/bash", "-c", "cd /tmp\n" + text, memory="1G")
        assert status == 0, output.decode(errors="replace")
        return output.decode().replace("\r", "")
    return runs


def test_python_sockets(script):
    """test_socket is 700 tests of every family and call."""
    output = script("HOME=/tmp python3 -m test test_socket 2>&1 || exit", "2")
    assert "Tests result: SUCCESS" in output, output


def test_ip_shows_and_changes_interfaces(script):
    output = script("""
        ip -o addr; echo; ip -s link show lo | grep -c bytes; ip route; ip route show table local
        ip addr add 10.9.8.7/24 dev lo && ip -o -4 addr show dev lo | grep -c 10.9.8.7/24
        ip addr del 10.9.8.7/24 dev lo; ip addr add 127.0.0.1/8 dev lo 2>&1
        ip link set lo mtu 1500 down; ip -o link; ip link set lo up; ip -o -6 addr
        ip link add type dummy 2>&1; true""")
    assert "1: lo    inet 127.0.0.1/8 scope host lo" in output
    assert "inet6 ::1/128 scope host" in output
    assert "local 127.0.0.0/8 dev lo proto kernel scope host src 127.0.0.1" in output
    assert "broadcast 127.255.255.255 dev lo proto kernel scope link src 127.0.0.1" in output
    assert "RTNETLINK answers: File exists" in output
    assert "1: lo: <LOOPBACK> mtu 1500 qdisc noqueue state DOWN" in output
    assert "RTNETLINK answers: Operation not supported" in output


WHO = """
import socket, subprocess
s = socket.create_server(("127.0.0.1", 7001))
c = socket.create_connection(("127.0.0.1", 7001))
a, _ = s.accept()
c.send(b"waits")
u = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
u.bind(("::1", 7002))
for words in ("ss -Htanp", "ss -Huan", "ss -Htin state established"):
    print("==", words, flush=True)
    subprocess.run(words.split())
c.close()
a.recv(10)
a.close()
print("== waiting", flush=True)
subprocess.run("ss -Htan state time-wait".split())
"""


def test_ss_shows_sockets(script):
    output = script("python3 -c '%s'" % WHO)
    assert re.search(r"LISTEN 0 +128 +127\.0\.0\.1:7001 +0\.0\.0\.0:\* +users:\(\(\"python3\"", output), output
    assert re.search(r"ESTAB +5 +0 +127\.0\.0\.1:7001 +127\.0\.0\.1:\d+", output), output
    assert re.search(r"UNCONN +0 +0 +\[::1\]:7002 ", output), output
    assert "cwnd:10" in output
    assert re.search(r"== waiting\n0 +0 +127\.0\.0\.1:\d+ +127\.0\.0\.1:7001", output), output


def test_lo_is_up_for_programs(script):
    output = script("python3 -c 'import socket; print(socket.gethostbyname(\"localhost\"), socket.if_nameindex())'")
    assert "127.0.0.1 [(1, 'lo')]" in output


def test_ping_hears_an_answer(script):
    output = script("for to in 127.0.0.1 127.9.8.7 ::1; do ping -c 2 -i 0.1 -W 2 $to || exit; done")
    assert output.count("2 packets transmitted, 2 received, 0% packet loss") == 3, output
    assert output.count(" ttl=64 ") == 6, output

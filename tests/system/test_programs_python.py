# SPDX-License-Identifier: MIT
"""Python's own tests, as Debian packages them: those of what the kernel does for it must pass."""
import oracle
import programs
import pytest

PACKAGES = "python3 libpython3.11-testsuite bash sed procps libc-bin tzdata netbase mawk".split()
KERNEL = """test_os test_posix test_posixpath test_pty test_openpty test_signal test_select
    test_poll test_epoll test_selectors test_mmap test_thread test_threading_local test_wait3
    test_wait4 test_fork1 test_popen test_pipes test_resource test_shutil test_glob test_stat
    test_fileio test_file test_ioctl test_syslog test_grp test_pwd test_time test_tempfile
    test_pathlib test_locale test_sched test_timeout test_platform""".split()
MORE = """test_subprocess test_threading test_threadsignals test_multiprocessing_fork test_eintr
    test_file_eintr test_largefile test_io test_gc test_tarfile test_crypt test_errno
    test_exceptions test_import test_uuid test_sys test_cmd_line test_support test_faulthandler
    test_asyncore test_httpservers test_repl test_getpass test_shelve test_dbm""".split()
RUN = b"""
export LC_ALL=C.UTF-8 HOME=/tmp TERM=vt100
cd /tmp
exec python3 -m test -j 4 --timeout 900 "$@" 2>&1
"""


NETWORK = """test_socket test_socketserver test_urllib test_ftplib test_smtplib test_poplib
    test_imaplib test_telnetlib test_xmlrpc test_robotparser test_wsgiref""".split()
# Every module of the standard library, each in a child of its own: those that do not load, and why.
EACH = b"""
import importlib, os, sys, tempfile
names = sorted(sys.stdlib_module_names)
for name in names:
    with tempfile.TemporaryFile("w+") as said:
        child = os.fork()
        if not child:
            os.dup2(said.fileno(), 1), os.dup2(said.fileno(), 2)
            importlib.import_module(name)
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        said.seek(0)
        lines = said.read().strip().splitlines()
        if status or lines:
            print(name, status, lines[-1:], flush=True)
print("of", len(names))
"""


def own_tests(linnet, names, seconds):
    initrd = programs.debian("python-tests", PACKAGES, {"work/tests.sh": RUN})
    output, status = linnet.run_in(initrd, "2", "bash", "/work/tests.sh", *names, memory="2G",
                                   seconds=seconds)
    assert b"Tests result: SUCCESS" in output and status == 0, \
        output.decode(errors="replace")[-6000:]


def test_every_module_loads_as_on_linux(linnet):
    initrd = programs.debian("python-modules", PACKAGES, {"work/each.py": EACH})
    words = ["env", "HOME=/tmp", "python3", "/work/each.py"]
    expected, status = oracle.linux(words, initrd, memory="2G")
    assert status == 0, expected.decode()
    got, status = linnet.run_in(initrd, "2", *words, memory="2G", seconds=400)
    oracle.assert_same(expected, got)
    assert status == 0


def test_what_the_kernel_does_for_python(linnet):
    own_tests(linnet, KERNEL, 600)


@pytest.mark.deep
def test_more_of_what_the_kernel_does_for_python(linnet):
    own_tests(linnet, MORE, 1500)


@pytest.mark.deep
def test_what_the_kernel_does_for_networks(linnet):
    own_tests(linnet, NETWORK, 1500)

# SPDX-License-Identifier: MIT
"""Python's own tests, as Debian packages them: those of what the kernel does for it must pass."""
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


def own_tests(linnet, names, seconds):
    initrd = programs.debian("python-tests", PACKAGES, {"work/tests.sh": RUN})
    output, status = linnet.run_in(initrd, "2", "bash", "/work/tests.sh", *names, memory="2G",
                                   seconds=seconds)
    assert b"Tests result: SUCCESS" in output and status == 0, \
        output.decode(errors="replace")[-6000:]


def test_what_the_kernel_does_for_python(linnet):
    own_tests(linnet, KERNEL, 600)


@pytest.mark.deep
def test_more_of_what_the_kernel_does_for_python(linnet):
    own_tests(linnet, MORE, 1500)

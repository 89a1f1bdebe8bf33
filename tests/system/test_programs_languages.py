# SPDX-License-Identifier: MIT
"""Languages and their run-times from Debian's packages, on one, two and four processors.

Each works through what it has: threads, processes, pipes, terminals, sockets, signals, files,
faults it catches, its collector of garbage. Debian's Linux has to print the same.
"""
import pathlib

import oracle
import programs
import pytest

SCRIPTS = pathlib.Path(__file__).parent / "scripts"
CPUS = pytest.mark.parametrize("cpus", ["1", "2", "4"])
SMALL = "ruby php-cli erlang-base sbcl sed".split()
# Name: packages, memory, status, the script, words.
LANGUAGES = {
    "java": (["openjdk-17-jre-headless", "sed"], "2G", 24, "Work.java", ["java", "/work/Work.java"]),
    "nodejs": (["nodejs", "sed"], "1G", 23, "work.js", ["node", "/work/work.js"]),
    "ruby": (SMALL, "1G", 21, "work.rb", ["ruby", "/work/work.rb"]),
    "sbcl": (SMALL, "1G", 26, "work.lisp",
             ["sh", "-c", "sbcl --noinform --non-interactive --load /work/work.lisp && "
                          "exec sbcl --core /tmp/core.sbcl"]),
    "erlang": (SMALL, "1G", 25, "work.escript", ["escript", "/work/work.escript"]),
    "php": (SMALL, "1G", 22, "work.php", ["php", "/work/work.php"]),
}


def tree(packages):
    scripts = {"work/" + script: (SCRIPTS / script).read_bytes()
               for others, _, _, script, _ in LANGUAGES.values() if others == packages}
    return programs.debian("languages-" + packages[0], packages, scripts)


@pytest.mark.parametrize("language", LANGUAGES)
@CPUS
def test_prints_what_linux_prints(linnet, cpus, language, monkeypatch):
    # Java changes code that another processor may just be translating: see docs/caveats.md.
    if language == "java":
        monkeypatch.setenv("LINNET_TCG", "thread=single")
    packages, memory, status, _, words = LANGUAGES[language]
    initrd = tree(packages)
    expected, ended = oracle.linux(words, initrd, memory=memory)
    assert ended == status, expected.decode(errors="replace")
    got, ended = linnet.run_in(initrd, cpus, *words, memory=memory)
    oracle.assert_same(expected, got)
    assert ended == status

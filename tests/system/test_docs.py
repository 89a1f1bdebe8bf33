# SPDX-License-Identifier: MIT
"""The documents fit the code; and tools/check_docs finds each kind of fault when one is planted."""
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LICENCE = "/* SPDX-License-Identifier: MIT */\n"
RANKS = """enum lock_rank {
	RANK_EXEC = 1,      /* one exec at a time */
	RANK_SPIN_FIRST = 64, /* from here on: spinlocks */
	RANK_FUTEX = RANK_SPIN_FIRST, /* a futex bucket */
	RANK_LAST,
};
"""
TABLE = """<!-- ranks: made by tools/check_docs --write -->

| rank | guards |
|---|---|
| `RANK_EXEC` | one exec at a time |
| `RANK_FUTEX` | a futex bucket |

<!-- end of ranks -->
"""

GOOD = {
    "kernel/base/lockrank.h": LICENCE + RANKS,
    "kernel/mem/frame.c": LICENCE + "struct page *frame_alloc(unsigned order);\n",
    "tools/thing": "#!/bin/sh\n# SPDX-License-Identifier: MIT\n",
    "README.md": "# Top\n[the book](docs/book/README.md)\n",
    "docs/locking.md": "RANK_EXEC is first, RANK_FUTEX comes behind it.\n\n" + TABLE,
    "docs/reading-order.md": "[`mem/frame.c`](../kernel/mem/frame.c)\n",
    "docs/book/README.md": "# The book\n[one](01-one.md#a-part), [`frame_alloc()`](../../kernel/mem/frame.c)\n",
    "docs/book/01-one.md": "# One\n## A `part`\n`kernel/mem/frame.c`, [`struct page`](../../kernel/mem/frame.c)\n"
                           "```\n[not](a link)\n```\n",
    "tests/models/lock.pml": LICENCE + "/* take() kernel/mem/frame.c:frame_alloc */\n#define X\n",
    "docs/decisions/0001-words.md": "# 1\n",
    "docs/PLAN.md": "`kernel/later.c`\n",
}

FAULTS = [
    ("dead link", {"README.md": "[x](docs/none.md)"}, "docs/none.md is not there"),
    ("link out of the tree", {"README.md": "[x](../x)"}, "../x is not there"),
    ("dead anchor", {"README.md": "[x](docs/book/01-one.md#no)"}, "no heading for #no"),
    ("symbol that is gone", {"docs/x.md": "[`frame_all`](../kernel/mem/frame.c)"}, "has no frame_all"),
    ("path that lies", {"docs/x.md": "[`mem/slab.c`](../kernel/mem/frame.c)"}, "leads to kernel/mem/frame.c"),
    ("path in code", {"docs/x.md": "see `kernel/mem/none.c`"}, "kernel/mem/none.c is not there"),
    ("folder nobody reads", {"kernel/vm/map.c": LICENCE}, "shows no file of kernel/vm"),
    ("rank without reason", {"docs/locking.md": "RANK_EXEC\n" + TABLE}, "why RANK_FUTEX"),
    ("old table", {"docs/locking.md": GOOD["docs/locking.md"].replace("a futex", "the futex")}, "--write"),
    ("no table", {"docs/locking.md": "RANK_EXEC RANK_FUTEX"}, "no place"),
    ("chapter not in the contents", {"docs/book/02-two.md": "# Two"}, "does not link to 02-two.md"),
    ("gap in the decisions", {"docs/decisions/0003-more.md": "# 3"}, "0002 is missing"),
    ("name of a decision", {"docs/decisions/Third.md": "# 3"}, "NNNN"),
    ("model of nothing", {"tests/models/x.pml": LICENCE}, "which code it models"),
    ("model of code that is gone", {"tests/models/x.pml": LICENCE + "/* kernel/mem/frame.c:frame_al */\n#"}, "no frame_al"),
    ("source without licence", {"kernel/mem/slab.c": "int x;\n"}, "kernel/mem/slab.c: has no licence"),
    ("script without licence", {"tools/thing": "#!/bin/sh\n"}, "tools/thing: has no licence"),
]


def check(folder, files, *options):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    done = subprocess.run([ROOT / "tools/check_docs", "--root", folder, *options], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout


def test_documents_fit_the_code():
    done = subprocess.run([ROOT / "tools/check_docs"], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_silent_when_all_is_well(tmp_path):
    assert check(tmp_path, GOOD) == (0, "")


@pytest.mark.parametrize("files, words", [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS])
def test_fault_is_found(tmp_path, files, words):
    status, text = check(tmp_path, {**GOOD, **files})
    assert status == 1
    assert words in text
    assert len(text.splitlines()) == 1, text


def test_table_is_written(tmp_path):
    old = GOOD["docs/locking.md"].replace("| `RANK_FUTEX` | a futex bucket |\n", "")
    assert check(tmp_path, {**GOOD, "docs/locking.md": old}, "--write") == (0, "")
    assert (tmp_path / "docs/locking.md").read_text() == GOOD["docs/locking.md"]

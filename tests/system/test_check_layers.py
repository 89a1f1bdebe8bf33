# SPDX-License-Identifier: MIT
"""tools/check_layers finds each kind of fault when one is planted."""
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAYERS = "0 lib\n1 hal\n2 base\n3 arch/x86\n4 mem\n8 fs fs/mem\n"


def header(path, body=""):
    guard = path.replace("/", "_").replace(".", "_").upper()
    return "#ifndef %s\n#define %s\n%s\n#endif\n" % (guard, guard, body)


GOOD = {
    "lib/list.h": header("lib/list.h", "struct list { struct list *next; };"),
    "hal/cpu.h": header("hal/cpu.h", '#include "lib/list.h"\n#include "arch/x86/inline/cpu.h"\n'
                                     "void hal_stop(void);"),
    "hal/upcall.h": header("hal/upcall.h", "void upcall_tick(void);"),
    "arch/x86/inline/cpu.h": header("arch/x86/inline/cpu.h", "#include <stdint.h>"),
    "arch/x86/cpu.c": '#include "hal/cpu.h"\n#include "hal/upcall.h"\n'
                      "void hal_stop(void) { upcall_tick(); }\nvoid arch_secret(void) {}\n",
    "base/log.h": header("base/log.h", '#include "hal/cpu.h"\nvoid log_line(void);'),
    "base/log.c": '#include "base/log.h"\nextern int __start_table_x[];\n'
                  "void log_line(void) { hal_stop(); (void)*__start_table_x; }\n",
    "mem/frame.h": header("mem/frame.h", '#include "lib/list.h"\nvoid frame_free(void);'),
    "mem/frame.c": '#include "mem/frame.h"\n#include "hal/upcall.h"\n'
                   "void frame_free(void) {}\nvoid upcall_tick(void) {}\n",
    "fs/file.h": header("fs/file.h", "#include <linux/fs.h>"),
    "fs/mem/tmpfs.c": '#include "fs/file.h"\n#include "mem/frame.h"\nint x;\n',
}

FAULTS = [
    ("include upward", {"base/bad.c": '#include "mem/frame.h"\n'}, "higher row"),
    ("arch sees mem", {"arch/x86/bad.c": '#include "mem/frame.h"\n'}, "higher row"),
    ("mem sees arch", {"mem/bad.c": '#include "arch/x86/inline/cpu.h"\n'}, "higher row"),
    ("unknown folder", {"odd/bad.c": "int y;\n"}, "not in LAYERS"),
    ("include that is not there", {"mem/bad.c": '#include "mem/none.h"\n'}, "not under kernel/"),
    ("relative include", {"mem/bad.c": '#include "frame.h"\n'}, "not under kernel/"),
    ("C library header", {"mem/bad.c": "#include <stdio.h>\n"}, "includes <stdio.h>"),
    ("circle of headers", {"mem/a.h": header("mem/a.h", '#include "mem/b.h"'),
                           "mem/b.h": header("mem/b.h", '#include "mem/a.h"')},
     "circle of headers"),
    ("circle of folders", {"fs/mem/a.h": header("fs/mem/a.h"),
                           "fs/bad.c": '#include "fs/mem/a.h"\n'}, "circle of folders"),
    ("no guard", {"mem/bad.h": "struct bad;\n"}, "no guard MEM_BAD_H"),
    ("wrong guard", {"mem/bad.h": header("mem/other.h")}, "no guard MEM_BAD_H"),
    ("header not alone", {"mem/bad.h": header("mem/bad.h", "uint64_t bad(void);")},
     "does not compile alone"),
    ("symbol upward", {"base/bad.c": "void frame_free(void);\nvoid g(void) { frame_free(); }\n"},
     "needs frame_free"),
    ("symbol of arch that hal does not declare",
     {"mem/bad.c": "void arch_secret(void);\nvoid h(void) { arch_secret(); }\n"},
     "needs arch_secret"),
]


def check(folder, files):
    """Writes the tree, compiles it, and gives the checker's status and words."""
    (folder / "LAYERS").write_text(LAYERS)
    for name, text in files.items():
        path = folder / "kernel" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        if name.endswith(".c"):
            target = folder / "build/obj/kernel" / name.replace(".c", ".o")
            target.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["gcc", "-c", "-w", "-I", folder / "kernel", "-o", target, path],
                           check=False, stderr=subprocess.DEVNULL)
    done = subprocess.run([ROOT / "tools/check_layers", "--root", folder], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout


def test_silent_when_all_is_well(tmp_path):
    assert check(tmp_path, GOOD) == (0, "")


@pytest.mark.parametrize("files, words", [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS])
def test_fault_is_found(tmp_path, files, words):
    status, text = check(tmp_path, {**GOOD, **files})
    assert status == 1
    assert words in text
    assert len(text.splitlines()) == 1, text

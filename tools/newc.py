# SPDX-License-Identifier: MIT
"""Writes cpio archives in the newc format, as initramfs archives are.

archive({"bin/x": b"...", "dev": None, "bin/y": "-> /bin/x"}): bytes are a file
(executable), None a folder, a text starting with "-> " a symbolic link. Folders on
the way are added. Owner 0:0, time 0: the same input gives the same bytes.

member(...) is one entry with all that the format can say; END closes an archive.
"""


def member(number, name, mode, data=b"", owner=(0, 0), links=1, time=0):
    """One entry. Names of one file share NUMBER; the first of them brings the data."""
    head = "070701" + "".join("%08X" % field for field in (
        number, mode, *owner, links, time, len(data), 0, 0, 0, 0, len(name.encode()) + 1, 0))
    text = head.encode() + name.encode() + b"\0"
    text += b"\0" * (-len(text) % 4)
    return text + data + b"\0" * (-len(data) % 4)


END = member(0, "TRAILER!!!", 0)


def archive(members):
    names = {}
    for name, what in members.items():
        parts = name.split("/")
        for depth in range(1, len(parts)):
            names.setdefault("/".join(parts[:depth]), None)
        names[name] = what
    out = []
    for number, (name, what) in enumerate(names.items(), 1):
        if what is None:
            out.append(member(number, name, 0o040755, links=2))
        elif isinstance(what, str):
            out.append(member(number, name, 0o120777, what[len("-> "):].encode()))
        else:
            out.append(member(number, name, 0o100755, what))
    out.append(END)
    return b"".join(out)

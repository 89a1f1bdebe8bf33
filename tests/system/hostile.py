# SPDX-License-Identifier: MIT
"""Files that exec must refuse, or run into their own ruin, without harm to the kernel."""
import random
import struct

EHDR = [("ident", 16), ("type", 2), ("machine", 2), ("version", 4), ("entry", 8), ("phoff", 8),
        ("shoff", 8), ("flags", 4), ("ehsize", 2), ("phentsize", 2), ("phnum", 2),
        ("shentsize", 2), ("shnum", 2), ("shstrndx", 2)]
PHDR = [("type", 4), ("flags", 4), ("offset", 8), ("vaddr", 8), ("paddr", 8), ("filesz", 8),
        ("memsz", 8), ("align", 8)]
BASE = 0x400000
# mov $60, %eax; mov $42, %edi; syscall
CODE = bytes.fromhex("b83c000000bf2a0000000f05")


def program_header(kind=1, flags=5, offset=0, vaddr=BASE, filesz=0x1000, memsz=0x1000, align=0x1000):
    return struct.pack("<IIQQQQQQ", kind, flags, offset, vaddr, vaddr, filesz, memsz, align)


def elf(*headers, kind=2, entry=BASE + 0x800, extra=b"", phnum=None, phoff=64, code=CODE):
    """A program of two pages that exits with 42, with these program headers."""
    head = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", kind, 62, 1, entry, phoff, 0, 0, 64,
                       56, len(headers) if phnum is None else phnum, 0, 0, 0)
    body = (head + b"".join(headers) + extra).ljust(0x800, b"\0") + code
    return body.ljust(0x2000, b"\x90")


def interpreter(text, terminate=True):
    """A program whose interpreter has that name."""
    data = text + (b"\0" if terminate else b"")
    headers = [program_header(3, 4, 64 + 2 * 56, BASE + 64 + 112, len(data), len(data), 1),
               program_header()]
    return elf(*headers, extra=data)


def fields(layout, at):
    for name, size in layout:
        yield name, at, size
        at += size


def broken_fields():
    """Each field of the file header and of both program headers, with bad values."""
    good = elf(program_header(), program_header(1, 6, 0x1000, BASE + 0x1000))
    places = [("e_" + n, at, size) for n, at, size in fields(EHDR, 0)]
    for index in range(2):
        places += [("p%d_%s" % (index, n), at, size) for n, at, size in fields(PHDR, 64 + 56 * index)]
    for name, at, size in places:
        top = (1 << 8 * size) - 1
        for value in sorted({0, 1, 3, 0x1001 & top, 1 << (8 * size - 1), top >> 1, top, top - 0xfff}):
            data = bytearray(good)
            data[at:at + size] = value.to_bytes(size, "little")
            yield "field-%s-%x" % (name, value), bytes(data)


def truncated():
    good = elf(program_header(), program_header(1, 6, 0x1000, BASE + 0x1000))
    for size in (0, 1, 3, 4, 5, 16, 63, 64, 65, 119, 120, 175, 176, 0x800, 0x805, 0xfff, 0x1000, 0x1001):
        yield "truncated-%d" % size, good[:size]


def segments():
    load = program_header()
    yield "good", elf(load)
    yield "none", elf()
    yield "overlapping", elf(load, program_header(vaddr=BASE))
    yield "overlapping-half", elf(load, program_header(1, 6, 0, BASE + 0x800, 0x800, 0x800))
    yield "backwards", elf(program_header(1, 6, 0x1000, BASE + 0x1000), load)
    yield "zeros-only-in-the-middle-of-a-page", elf(load, program_header(1, 6, 0x1268, BASE + 0x1268, 0, 8))
    yield "huge-memory", elf(load, program_header(1, 6, 0x1000, BASE + 0x1000, 16, 1 << 46))
    yield "huge-file", elf(program_header(filesz=1 << 46, memsz=1 << 46))
    yield "much-zero", elf(load, program_header(1, 6, 0x1000, BASE + 0x1000, 16, 1 << 30))
    yield "wraps", elf(load, program_header(1, 6, 0x1000, 0xfffffffffffff000, 0x1000, 0x3000))
    yield "kernel-address", elf(program_header(vaddr=0xffffffff80000000), entry=0xffffffff80000800)
    yield "direct-map", elf(load, program_header(1, 6, 0, 0xffff800000000000))
    yield "last-page", elf(load, program_header(1, 6, 0, 0x7ffffffff000))
    yield "across-the-end", elf(load, program_header(1, 6, 0, 0x7fffffffe000, 0x1000, 0x4000))
    yield "at-zero", elf(load, program_header(1, 6, 0, 0))
    yield "less-memory-than-file", elf(program_header(memsz=0x10))
    yield "beyond-the-file", elf(load, program_header(1, 6, 0x10000000, BASE + 0x10000000))
    yield "offset-wraps", elf(load, program_header(1, 6, 0xfffffffffffff000, BASE + 0x1000, 0x2000, 0x2000))
    yield "misaligned", elf(program_header(vaddr=BASE + 1))
    yield "entry-nowhere", elf(load, entry=0x123456789)
    yield "entry-kernel", elf(load, entry=0xffffffff80000000)
    yield "entry-not-canonical", elf(load, entry=0x8000000000000000)
    yield "not-executable", elf(program_header(flags=6))
    yield "no-rights", elf(program_header(flags=0))
    yield "many-headers", elf(load, phnum=65535)
    yield "headers-beyond", elf(load, phoff=1 << 40)
    yield "headers-wrap", elf(load, phoff=(1 << 64) - 8)
    yield "many-segments", elf(*[program_header(vaddr=BASE + 0x10000 * i) for i in range(30)])
    yield "shared-object", elf(program_header(vaddr=0), kind=3, entry=0x800)
    yield "shared-object-high", elf(program_header(vaddr=1 << 62), kind=3, entry=(1 << 62) + 0x800)
    yield "stack-header-odd", elf(load, program_header(0x6474e551, 0xffffffff, 1 << 60, 1, 1 << 63, 1 << 63))
    yield "note-odd", elf(load, program_header(4, 4, 1 << 60, 1, 1 << 63, 1 << 63))
    yield "property-odd", elf(load, program_header(0x6474e553, 4, 100, 100, 1 << 63, 7))
    yield "privileged-code", elf(load, code=b"\xf4")
    yield "bad-instruction", elf(load, code=b"\x0f\x0b")
    yield "stack-pointer-wild", elf(load, code=bytes.fromhex("48c7c4f8ffffff50"))


def interpreters():
    for name, text in (("missing", b"/no/such/file"), ("folder", b"/tmp"), ("text", b"/etc/passwd"),
                       ("itself", b"/h/interp-itself"), ("empty", b""), ("device", b"/dev/zero"),
                       ("null", b"/dev/null"), ("long", b"/" + b"x" * 1500), ("good", b"/h/good"),
                       ("short-file", b"/h/truncated-64"), ("script", b"/h/script-good"),
                       ("loop", b"/h/link-loop"), ("shared", b"/h/shared-object")):
        yield "interp-" + name, interpreter(text)
    yield "interp-unterminated", interpreter(b"/h/good", terminate=False)
    two = interpreter(b"/h/good")
    yield "interp-wild", elf(program_header(3, 4, 1 << 40, 0, 20, 20, 1), program_header())
    yield "interp-huge", elf(program_header(3, 4, 0, 0, 1 << 40, 1 << 40, 1), program_header())
    yield "interp-cut", two[:64 + 112 + 3]


def scripts():
    for name, text in (("good", b"#!/h/good\n"), ("empty", b"#!"), ("blank", b"#!   \t \n"),
                       ("itself", b"#!/h/script-itself\n"), ("there", b"#!/h/script-back\n"),
                       ("back", b"#!/h/script-there\n"), ("missing", b"#!/no/such\n"),
                       ("folder", b"#!/tmp\n"), ("no-newline", b"#!/h/good"),
                       ("long", b"#!/" + b"y" * 5000 + b"\n"), ("zero", b"#!/h/good\0junk\n"),
                       ("argument", b"#!/h/good  an argument \n"), ("cr", b"#!/h/good\r\n"),
                       ("long-argument", b"#!/h/good " + b"z" * 5000 + b"\n"),
                       ("not-executable", b"#!/etc/motd\n"), ("relative", b"#!good\n")):
        yield "script-" + name, text
    for depth in range(1, 8):
        yield "depth-%d" % depth, b"#!/h/%s\n" % (b"depth-%d" % (depth - 1) if depth > 1 else b"good")


def noise(count, seed=11):
    """The good program with some bytes of its headers changed."""
    chance = random.Random(seed)
    good = elf(program_header(), program_header(1, 6, 0x1000, BASE + 0x1000))
    for number in range(count):
        data = bytearray(good)
        for _ in range(chance.choice((1, 2, 5, 20))):
            data[chance.randrange(16, 176)] = chance.choice((0, 1, 0x7f, 0x80, 0xff, chance.randrange(256)))
        yield "noise-%d" % number, bytes(data)


def all_files():
    made = [truncated(), segments(), interpreters(), scripts(), broken_fields(), noise(150)]
    return {name: data for some in made for name, data in some}

# SPDX-License-Identifier: MIT
# Packing and unpacking, compressing; bytes survive.
umask 022
base64 -d >hello.xz <<T
/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4AIvABddADQZSe6N6RLmFA6/udJnpZhDOLD9lAAAAABXI6xeqXAOQAABM7AEAAAAnT4e3rHEZ/sCAAAAAARZWg==
T
mkdir -p d/e; seq 1 3000 >d/n; head -c 200000 /bin/busybox >d/b; echo x >d/e/x; ln -s ../n d/e/l; ln d/n d/h
chmod 750 d/e; chmod 4711 d/e/x; find d -exec touch -h -d '2010-01-01 00:00:00' {} +
tar cf t.tar d; tar tf t.tar | sort; mkdir o; tar xf t.tar -C o; ls -l o/d/e | awk '{print $1, $2, $NF}'
cmp d/b o/d/b && echo same; stat -c '%h %Y' o/d/n; rm -r o
tar czf t.tgz d; tar tzf t.tgz | wc -l; mkdir o; (cd o; tar xzf ../t.tgz; sha256sum d/b d/n); rm -r o
tar cf - d | gzip -9 | (mkdir o; cd o; gunzip | tar xf -; ls d); rm -r o
tar cjf t.tbz d; tar xjOf t.tbz d/n | md5sum
gzip -k d/b 2>/dev/null || gzip <d/b >d/b.gz; gunzip -c d/b.gz | cmp - d/b && echo gz; zcat d/b.gz | md5sum
bzip2 <d/n >n.bz2; bzcat n.bz2 | cmp - d/n && echo bz; bunzip2 -t n.bz2 2>/dev/null; echo $?
head -c 100 d/b.gz | gunzip >/dev/null; echo "status $?"; echo junk | gunzip; echo "status $?"
echo junk | bunzip2; echo "status $?"; echo junk | unxz; echo "status $?"
unxz <hello.xz; xzcat hello.xz | wc
find d | sort | cpio -o -H newc 2>/dev/null >c.cpio; cpio -t <c.cpio 2>/dev/null | sort
mkdir o; (cd o; cpio -idm <../c.cpio 2>/dev/null; find . | sort; cmp d/b ../d/b && echo same; readlink d/e/l); rm -r o
cpio -t <d/b 2>/dev/null | wc -l; tar tf d/b; echo "status $?"
printf '!<arch>\n%-16s%-12s%-6s%-6s%-8s%-10s`\nhello\n' name/ 0 0 0 100644 6 >l.a; ar t l.a; ar p l.a; ar x l.a; cat name
uncompress -c /dev/null 2>/dev/null; echo "status $?"; unzip -l d/b 2>/dev/null; echo "status $?"
dd if=d/b of=copy bs=4k 2>/dev/null; cmp copy d/b && echo dd; dd if=d/b bs=1000 skip=10 count=5 2>/dev/null | md5sum
dd if=d/n of=copy bs=7 seek=3 conv=notrunc 2>/dev/null; md5sum copy; dd if=/dev/zero bs=1M count=5 2>/dev/null | wc -c
dd if=d/n conv=ucase,swab bs=512 count=1 2>/dev/null | md5sum; dd if=nosuch of=x; echo "status $?"

# SPDX-License-Identifier: MIT
# Copying, moving, removing, linking, listing.
umask 022
mkdir -p a/b/c d
echo one >a/1; echo two >a/b/2; echo three >a/b/c/3
ln -s ../1 a/b/up; ln a/1 a/hard
touch -h -d '2001-02-03 04:05:06' a/b/up
touch -d '2001-02-03 04:05:06' a/1 a/b/2 a/b/c/3 a/b/c a/b a d
chmod 4755 a/b/2; chmod 640 a/b/c/3
ls -l a/1 a/b/2 a/b/c/3 a/b/up
ls -ld a/b/c
ls -F a; ls -a d; ls -R a
cp -a a copy && (cd copy; find . -print | sort; ls -l b/2; readlink b/up)
cp a/1 new && cat new; cp a/1 a/b/2 d && ls d
cp nosuch x; echo "status $?"
mv new newer; ls; mv newer d/; ls d
mv d a/b; ls a/b
rm -r copy; ls
rm a; echo "status $?"
rmdir a; echo "status $?"
mkdir a; echo "status $?"
find a -type f | sort
find a -type l; find a -name '*2'; find a -perm -4000
find a -type f -size -2 -exec cat {} \; | sort
find a -newer a/b/2 | sort
find a -depth -name '[0-9]' | sort
readlink a/b/up; readlink -f a/b/up | sed "s|$PWD||"
realpath a/b/../b/c | sed "s|$PWD||"
stat -c '%n %a %h %s %F' a/1 a/b a/b/up
test -L a/b/up && echo link; test -e a/b/up && echo there; test -x a/b/2 && echo can
ln -s nowhere broken; cat broken; echo "status $?"; test -e broken || echo "not there"
ln -s loop loop; cat loop; echo "status $?"
echo x >file/; echo "status $?"; cat a/1/x; echo "status $?"
chmod 000 a/b/2; cat a/b/2; chmod u=rw,g=r,o= a/b/2; stat -c %a a/b/2
chown 7:8 a/b/2; stat -c '%u:%g' a/b/2
dd if=/dev/zero of=sparse bs=1 count=1 seek=9999999 2>/dev/null; stat -c %s sparse; du -k sparse
tail -c 2 sparse | od -An -tx1
truncate -s 5 sparse; wc -c <sparse; truncate -s 0 sparse; wc -c <sparse
seq 1 1000 >many; head -n 3 many; tail -n 3 many; sed -n 500p many; wc many
i=0; mkdir full; while [ $i -lt 300 ]; do : >full/file$i; i=$((i + 1)); done
ls full | wc -l; ls full | sort -t e -k 3 -n | tail -n 2; rm -r full; ls full
mkfifo pipe; ls -l pipe | cut -c 1-10; (cat pipe; echo end) & echo through >pipe; wait
mknod null c 1 3; echo gone >null; cat null; ls -l null | awk '{print $1, $5, $6}'
echo keep >f1; set -C; echo over >f1; set +C; cat f1
echo app >>f1; cat f1
exec 7<f1; read -r l <&7; echo "$l"; read -r l <&7; echo "$l"; exec 7<&-
rm f1; name=$(printf '%0255d' 0); echo long >$name; cat $name; echo x >${name}1; echo "status $?"
cmp a/1 a/hard && echo same; cmp a/1 a/b/2
mkdir -p i/j; cp -p a/b/2 i/j/k; stat -c '%a %Y' i/j/k; cp -a i i2; rm -rf i; ls i2/j; shred -u i2/j/k; ls i2/j
umask 077; : >private; stat -c %a private; umask

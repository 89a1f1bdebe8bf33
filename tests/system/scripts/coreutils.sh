# SPDX-License-Identifier: MIT

# Debian's coreutils and their neighbours; every line prints what it prints on Linux.
export LC_ALL=C TZ=UTC0
mkdir /tmp/c && cd /tmp/c || exit 1
seq 1 20000 | shuf --random-source=/bin/true >mixed
sort -n --parallel=4 -S 1M mixed | sha256sum
sort --parallel=4 -r mixed | head -n 2; sort -c mixed 2>&1 | wc -l
seq 1 9 | tac | tr '\n' ' '; echo; seq -w 8 11 | paste -sd+; nl -ba <(seq 3)
split -n l/3 mixed part.; wc -l part.*; cat part.* | cmp - mixed; csplit -s mixed 5 10; wc -l xx*
printf 'a 1\nb 2\n' >l; printf 'a x\nc y\n' >r; join -a1 -a2 l r; comm <(seq 1 4) <(seq 3 6)
md5sum l; sha1sum l; sha224sum l; sha384sum l; sha512sum l | cut -c 1-20; b2sum l | cut -c 1-20; cksum l; sum l
md5sum l r >sums; md5sum -c sums; echo x >>l; md5sum -c sums 2>&1
base64 l | base64 -d; base32 r; od -An -tx1z r; factor 1234567890 97; numfmt --to=iec 123456789
expr 6 \* 7; expr abc : 'a\(.\)'; printf '%d %5.2f %q\n' 7 2.5 'a b'; echo -e 'a\tb' | expand | unexpand -a
fold -w 4 <<<abcdefghij; fmt -w 20 <<<"one two three four five six"; pr -t -2 -l 3 <(seq 6); ptx <<<"a b" | head -n 2
cut -d ' ' -f 2 r; uniq -c <(printf 'a\na\nb\n'); tsort <<<"a b b c"; head -c 5 mixed | wc -c; tail -n +19999 <(seq 20000)
mkdir -p d/e/f; touch -d 2001-02-03T04:05:06Z d/t; stat -c '%n %a %F %h' d d/t d/e; stat -c '%n %s %Y' d/t; cp -a d copy; diff -r d copy && echo same
ln -s t d/s; ln d/t d/h; readlink d/s; readlink -f d/s; realpath --relative-to=. d/s; stat -c %h d/t; ls -1F d; ls -lR --time-style=+ copy | tail -n +3
install -m 640 -D l i/j/k; stat -c %a i/j/k; mv i/j/k k; rmdir -p i/j; test -d i || echo gone; rm -r copy; ls
truncate -s 1M sparse; du -k sparse; du -b --apparent-size sparse; dd if=/dev/zero of=sparse bs=4k count=3 seek=5 conv=notrunc status=none; du -k sparse; cp --sparse=always sparse s2; cmp sparse s2
chmod u=rw,go= l; stat -c %A l; chown 12:34 l; stat -c '%u %g' l; chgrp 56 l; stat -c %g l; umask; umask 077; touch p; stat -c %a p; umask 022
mkfifo q; (echo through >q &); cat q; timeout 0.1 sleep 5; echo $?; timeout -s KILL 0.1 sleep 5; echo $?; nice -n 3 nice; nohup echo hup 2>&1; env -i A=1 env
id; whoami; groups; logname 2>&1; tty; nproc --all >n; test -s n && echo processors; uname -s -m; hostid | wc -c; pwd; pathchk -p 'a b'; echo $?
date -d @86400 '+%F %T'; date -ud '2020-02-29 +1 year' +%F; basename /a/b.c .c; dirname /a/b.c; yes | head -n 30000 | md5sum; seq 5 | tee t1 t2 | tail -n 1; cat t2 | wc -l
sleep 0.05 & wait $!; echo $?; kill -l 9 TERM; (sleep 9 & p=$!; kill $p; wait $p; echo $?); mktemp -u XXXXXX | wc -c; shuf -i 1-5 | sort | tr -d '\n'; echo; stdbuf -oL echo line
dir=$(mktemp -d); touch $dir/{1..200}; ls $dir | wc -l; find $dir -name '*5' | wc -l; find d -type l; find . -newer d/t -type f | sort | head -n 3; rm -rf $dir; link l l2; unlink l2; sync; shred -u p; ls p 2>&1
(for i in 1 2 3; do echo $i; sleep 0.1; done >grow; echo end >>grow) & timeout 20 tail -n +1 -f grow --pid=$! ; touch grow; wait
seq 1 300 | xargs -P 4 -n 7 echo | tr ' ' '\n' | sort -n | sha256sum; seq 1 40 | xargs -P 8 -I{} sh -c 'exit $(({} % 2))'; echo $?
grep -c 7 mixed; grep -E '^(1|2)0+$' mixed | sort -n; grep -rl zzz d; echo $?; sed -n '5,6p;$p' <(seq 100); echo hello | sed 's/l/L/2;y/h/H/'; seq 20 | awk '{s += $1} END {print s, NR}'
seq 1 50000 >big; xz -k -T2 big; xz -l big.xz >/dev/null && xz -dc big.xz | cmp - big; gzip -k big; gzip -t big.gz && zcat big.gz | tail -n 1; tar cf t.tar d mixed; tar tf t.tar | sort; tar xf t.tar -O mixed | cmp - mixed; df . >/dev/null; echo $?
exit 12

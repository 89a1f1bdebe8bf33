# SPDX-License-Identifier: MIT
# Debian's small tools and shells at work, a C compiler, identities. Prints the same on any
# number of processors.
export LC_ALL=C.UTF-8 TZ=UTC0
rm -rf /tmp/tools
mkdir /tmp/tools && cd /tmp/tools || exit 1

part() {
	echo "== $*"
}

in_dash() {
	dash <<'D'
set -e
f() { local x=$1; echo $((x * x)); }
for i in 1 2 3; do f $i; done
trap 'echo term' TERM; kill -TERM $$
(exit 7) || echo "status $?"
echo 'a b c' | { read x y; echo "$y $x"; }
sleep 0.1 & wait $!; echo waited $?
cat <<X | tr a-z A-Z
here $((1 + 1))
X
ulimit -n 100; ulimit -n
umask 027; touch masked; stat -c %a masked
D
	dash -c 'dash -c "kill -9 \$\$"; echo $?' 2>/dev/null
}

in_zsh() {
	zsh -f <<'Z'
zmodload zsh/datetime zsh/stat zsh/system zsh/zpty zsh/net/socket zsh/zselect
setopt extended_glob
mkdir -p z/{a,b}; touch z/a/{1,2}.c z/b/3.h
print -l z/**/*.c(.) z/*(/)
print ${(o)$(print -l 3 1 2)}
zpty worker 'read x; print got $x'; zpty -w worker word; zpty -r worker line '*got word*'
print ${${line%%$'\r'*}##*$'\n'}
zsocket -l z/socket; lfd=$REPLY
{ zsocket z/socket; print over a socket >&$REPLY; exec {REPLY}>&- } &
zsocket -a $lfd; read line <&$REPLY; print $line
coproc cat; print -p coprocess; read -p line; print $line
print $(<=(print contents))
TRAPUSR1() { print trapped $1 }; kill -USR1 $$; sleep 0.01
print $(( 2 ** 40 )) ${(l:5::0:)42} ${(j:,:)${(s:.:):-a.b.c}}
Z
}

with_find() {
	mkdir -p tree/a/b tree/c
	seq 1 1000 >tree/a/numbers
	ln tree/a/numbers tree/c/link
	ln -s nowhere tree/c/broken
	mkfifo tree/pipe
	touch -d '2020-02-03 04:05:06' tree/a/b/old
	chmod 4711 tree/a/b/old
	find tree -printf '%p %y %m %n %s\n' | grep -v ' d ' | sort
	find tree -newermt 2020-01-01 ! -newermt 2020-12-31 -printf '%f %TY-%Tm-%Td %TH:%TM\n'
	find tree -type f -perm -4000 -o -xtype l | sort
	find tree -samefile tree/c/link | sort
	find tree -name '*.none' -o -empty -type f -exec echo empty {} +
	find tree -type f -print0 | sort -z | xargs -0 -n 1 -P 4 wc -c | sort
	seq 1 2000 | xargs -s 1000 echo | wc -l
	find tree -depth -delete && ls
	mkdir -p deep/$(printf 'd/%.0s' $(seq 300)) && find deep | wc -l
	(cd /tmp && find tools -maxdepth 1 -type d | sort)
	rm -r deep
}

with_text() {
	seq 1 20000 >numbers
	grep -c '7$' numbers
	grep -E '^(1{3,})$' numbers | tr '\n' ' '
	grep -rn --include='num*' '^19999$' .
	grep -P '^(\d)\1\1\1$' numbers | paste -sd,
	printf 'a\0b\0' | grep -z b | od -c
	sed -n '5,7{s/$/!/;p}' numbers
	sed -i.bak 's/^1$/one/' numbers && head -1 numbers numbers.bak
	printf 'one two\nthree four\n' | sed -E 's/(\w+) (\w+)/\2 \1/;y/e/E/' | sed 'w copy' >/dev/null
	cat copy
	gawk 'BEGIN { while (("sort -rn numbers.bak" | getline n) > 0 && i++ < 3) print n }'
	gawk 'BEGIN { c = "tr a-z A-Z"; print "through a coprocess" |& c; close(c, "to"); c |& getline x; print x }'
	gawk '{ s += $1; n[length($1)]++ } END { PROCINFO["sorted_in"] = "@ind_num_asc"
		for (l in n) print l, n[l]; print s, strftime("%F", 86400, 1) }' numbers.bak
	gawk 'BEGIN { printf "%s %d %.3f %c\n", "x", 42.9, 1/3, 65; print system("exit 3") }'
	gawk --version | head -1 | cut -d ' ' -f 1,2
	sort -n --parallel=4 -S 64K -r numbers.bak | sha256sum
	sort -R numbers.bak | sort -n | cmp - numbers.bak && echo sorted
	join -j 1 <(seq 1 10 | sort) <(seq 5 15 | sort) | tr '\n' ' '
	comm -12 <(seq 1 10 | sort) <(seq 5 15 | sort) | wc -l
	split -n l/4 numbers.bak part. && cat part.* | cmp - numbers.bak && ls part.*
	tail -n 3 -f numbers.bak --pid=$$ & tail=$!
	sleep 0.5
	echo followed >>numbers.bak
	sleep 1.5
	kill $tail
	wait $tail 2>/dev/null
	timeout --foreground -s INT 0.2 sleep 10
	echo "timeout $?"
	stdbuf -oL tr a-z A-Z <<<'unbuffered'
	shuf -i 1-100 | sort -n | md5sum
	truncate -s 1G sparse && stat -c '%s %b' sparse && cp --sparse=always sparse copy2 && du -k copy2
	dd if=/dev/urandom of=random bs=64K count=16 iflag=fullblock status=none
	b2sum random | cut -c1-5 >/dev/null && base64 random | base64 -d | cmp - random && echo whole
	cp -a --reflink=auto random kept && mv -n kept random2 && cmp random random2 && echo moved
	install -D -m 640 random sub/dir/file && stat -c '%a %n' sub/dir/file
	nohup sh -c 'echo nohup' 2>/dev/null
	env -i A=1 env
	nice -n 5 nice
	chroot / /bin/echo chrooted
	tee >(wc -c >counted) <random | cmp - random
	sleep 0.3
	cat counted
	test -S /dev/null -o -c /dev/null && pathchk -p usual && echo $(realpath sub/../sub/dir)
	factor 1234567890123456789
	numfmt --to=iec 1234567
	who | wc -l
	nproc --all >/dev/null && id && groups
	df --output=fstype,target /dev | tail -1
	sync numbers && mktemp -u XXXXXX | wc -c
}

with_gcc() {
	cat >fib.h <<'C'
long fib(int n);
C
	cat >fib.c <<'C'
#include "fib.h"
long fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
C
	cat >main.c <<'C'
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include "fib.h"
static _Thread_local int mine;
static void *work(void *at) { mine = *(int *)at; return (void *)fib(mine); }
int main(void)
{
	pthread_t t[4];
	int n[4] = { 10, 15, 20, 25 };
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], 0, work, &n[i]);
	for (int i = 0; i < 4; i++) {
		void *result;
		pthread_join(t[i], &result);
		printf("%ld\n", (long)result);
	}
	printf("%.6f\n", sqrt(2) * cos(1));
	return 9;
}
C
	gcc -O2 -Wall -fPIC -shared -o libfib.so fib.c && ar rcs libfib.a fib.c &&
		gcc -O2 -pipe -pthread -o dynamic main.c -L. -lfib -lm -Wl,-rpath,"$PWD" &&
		gcc -flto -O2 -static -pthread -o static main.c fib.c -lm &&
		gcc -g -fsanitize=undefined,address -pthread -o checked main.c fib.c -lm
	for program in dynamic static checked; do
		./$program
		echo "$program $?"
	done
	ldd dynamic | grep -c 'libfib.so => /tmp'
	gcc -S -o - fib.c | grep -c 'call.*fib'
	echo 'int main(void) { return undefined; }' | gcc -xc - 2>&1 | grep -c 'error'
	nm -D libfib.so | grep ' T fib' | cut -d ' ' -f 2-
	objdump -d static | grep -c '<main>:'
	strip -o stripped static && ./stripped | tail -1
}

with_identities() {
	setpriv --dump | grep -v -e '^SELinux' -e '^AppArmor' -e 'Securebits'
	setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all sh -c \
		'id; cat /etc/shadow 2>&1; touch /root/x 2>&1; kill -0 1 2>&1; true' | sed 's/^sh: [0-9]*: /sh: /; /^$/d'
	setpriv --no-new-privs grep NoNewPrivs /proc/self/status
	setpriv --bounding-set=-all,+chown,+kill grep CapBnd /proc/self/status
	setpriv --reuid 1000 --init-groups --inh-caps=+net_raw --ambient-caps=+net_raw \
		grep -E 'Cap(Inh|Eff|Amb|Prm)' /proc/self/status 2>&1
	setpriv --pdeathsig TERM true && echo pdeathsig
	capsh --print | grep -v -e '^Securebits' -e '^ secure' -e 'Guessed' | cut -c1-60
	capsh --drop=cap_chown,cap_kill -- -c 'grep CapBnd /proc/self/status; chown 1 /tmp/tools && echo changed'
	capsh --uid=1000 -- -c 'id -u; grep CapEff /proc/self/status; touch /root/y' 2>&1
	capsh --keep=1 --uid=1000 --caps=cap_net_admin+eip -- -c 'grep -E "Cap(Prm|Eff)" /proc/self/status'
	capsh --secbits=0x2f --print | grep -i 'secure-'
	capsh --has-p=cap_chown && echo 'has chown'
	capsh --decode=0000000000003000
	capsh --noamb --chroot=/ -- -c 'echo chrooted'
	cp "$(command -v id)" setid && chown 1000:1001 setid && chmod 6755 setid
	./setid | cut -d ' ' -f 1-4
	setpriv --reuid 7 --regid 7 --clear-groups ./setid
	setpriv --reuid 7 --regid 7 --clear-groups --no-new-privs ./setid
	getpcaps 1 2>&1 | head -1
	prlimit --nofile=50:60 sh -c 'ulimit -n; ulimit -Hn'
	setsid -w sh -c 'test "$(ps -o sid= -p $$ | tr -d " ")" = $$ && echo a session'
	flock lock -c 'flock -n lock true || echo held'
	chrt -f 10 chrt -p $$ >/dev/null && chrt -b 0 chrt -p 0 | sed 's/[0-9][0-9]*/N/'
	ionice -c 2 -n 3 ionice 2>&1
	taskset 1 nproc
	ipcmk -M 4096 -p 600 | sed 's/[0-9]*$/N/' && ipcs -m | grep -c ' 600 *4096' && ipcrm -a
	mount -t tmpfs -o size=1M,mode=700 none /mnt && findmnt -no FSTYPE,TARGET /mnt && umount /mnt
	dmesg >/dev/null && hostname && uname -s && logger -s -t me words 2>&1 >/dev/null | cut -d '>' -f 2
	kill -l TERM; kill -L >/dev/null; rev <<<abc; namei -l /tmp/tools/setid | tail -1
}

for name; do
	part "$name"
	$name 2>&1
done

# SPDX-License-Identifier: MIT
# Starting, stopping, waiting, signalling, looking.
sleep 100 & p=$!; kill -0 $p && echo runs; kill $p; wait $p 2>/dev/null; echo "status $?"
sleep 100 & p=$!; kill -STOP $p; sleep 0.1; sed -n 's/^State:.\(.\).*/\1/p' /proc/$p/status
kill -CONT $p; sleep 0.1; sed -n 's/^State:.\(.\).*/\1/p' /proc/$p/status; kill -KILL $p; wait $p 2>/dev/null; echo "status $?"
kill -0 $p 2>/dev/null || echo gone; kill -9 99999; echo "status $?"; kill -l 15; kill -l TERM
(exit 7); echo $?; sh -c 'kill -SEGV $$'; echo $?; sh -c 'exit 300'; echo $?; nosuch; echo $?
/etc/passwd; echo $?; sh -c 'exec nosuch'; echo $?; echo '#!/nosuch' >s; chmod +x s; ./s; echo $?
echo 'echo no shebang $1' >s; ./s arg; printf '#!/bin/sh -e\nfalse\necho not\n' >s; ./s; echo $?
printf '#!/bin/sed s/a/b/\naaa\n' >s; ./s; printf '#!./s2\nx' >s; printf '#!/bin/echo first second\n' >s2; chmod +x s2; ./s
timeout 0.2 sleep 5; echo $?; timeout -s KILL 0.2 sleep 5; echo $?; timeout 5 true; echo $?
timeout 5 sh -c 'exit 9'; echo $?; time -p true 2>&1 | cut -d ' ' -f 1; nohup true 2>/dev/null; echo $?
trap 'echo usr1' USR1; kill -USR1 $$; trap 'echo term' TERM; kill $$; trap - TERM; echo on
sh -c 'trap "" TERM; kill $$; echo ignored'; sh -c 'trap "echo exit" EXIT; exit 4'; echo $?
(trap 'echo child; exit 3' TERM; sleep 0.05; kill -TERM $(sh -c 'echo $PPID'); sleep 1); echo $?
sleep 0.3 & sleep 0.2 & sleep 0.1 & wait; echo all; for i in 3 1 2; do (sleep 0.$i; echo $i) & done; wait
true | false; echo $?; false | true; echo $?; ! true; echo $?
seq 1 100000 | head -n 1; (seq 1 1000000; echo "writer $?" >&2) 2>&1 >/dev/null | cat; yes | sed 3q
cat /dev/zero | head -c 1000000 | wc -c; (while :; do echo x; done) | head -n 3; echo after
pids=; for i in 1 2 3 4 5 6 7 8 9 10; do (exit $i) & pids="$pids $!"; done; for p in $pids; do wait $p; echo -n "$? "; done; echo
ps -o pid,comm | grep -c '[p]s'; ps -o comm,args | grep '[s]leep 77'; sleep 77 & sleep 0.1; ps -o comm,args | grep '[s]leep 77'; kill $!
top -b -n 1 | grep -c -E '^(Mem|CPU|Load)'; pidof nosuch; echo $?; sleep 78 & pidof sleep | grep -c $!; killall sleep; wait; echo "killed"
(renice 5 $$; sleep 0.01) >/dev/null 2>&1; setsid sh -c 'echo new session'; chroot / /bin/echo rooted
env -i X=1 /bin/busybox env; env -u HOME sh -c 'echo ${HOME-unset}'; A=b sh -c 'echo $A'
sh -c 'ulimit -n 5; exec 5<&0' 2>&1 | head -n 1 | grep -c -i -E 'bad|invalid|too many|file'; sh -c 'ulimit -f 1; dd if=/dev/zero of=big bs=1k count=5' >/dev/null 2>&1; echo $?
sh -c 'ulimit -v 20000; head -c 50m /dev/zero | sort | wc -c' >/dev/null 2>&1; echo "sort ended"; sh -c 'ulimit -t 1; while :; do :; done'; echo $?
tr '\0' ' ' </proc/self/cmdline; echo; for l in exe cwd; do readlink /proc/self/$l; done | sed "s|$PWD|here|"; ls /proc/self/fd | wc -l
chmod 700 /root; su -s /bin/sh nobody -c 'id -u; id -g; echo x >/root/x; kill 1; cat /root/y; nice_try=1; mount -t tmpfs x /mnt; hostname no' 2>&1 | sed 's/^.*: //'
start-stop-daemon -S -b -m -p /tmp/pid -x /bin/sleep -- 79; sleep 0.1; start-stop-daemon -K -p /tmp/pid -q; echo $?
nice_of() { cut -d ' ' -f 19 /proc/$1/stat; }; sleep 80 & renice 7 $! >/dev/null; nice_of $!; kill $!; wait

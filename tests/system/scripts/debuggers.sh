# SPDX-License-Identifier: MIT
# gdb, strace, ltrace and what else looks at other programs. Prints the same on any number of
# processors.
export LC_ALL=C.UTF-8 TZ=UTC0
ulimit -c unlimited
cd /tmp || exit 1
cp /work/debugged . 

part() {
	echo "== $*"
}

# gdb without what is different each time.
in_gdb() {
	timeout 60 gdb -nx -q -batch "$@" 2>&1 | sed -e 's/(LWP [0-9]*)/(LWP N)/; s/0x0*7[ef][0-9a-f]\{10\}/0x7fN/g; s/0x0*5[56][0-9a-f]*/0x55N/g' \
		-e 's/process [0-9]* */process N /g; s/Thread 0x7fN/Thread N/' -e '/^warning: Error disabling/d' \
		-e '/debuginfod/d; /^Download/d; /libthread_db/d; /^Using host/d' -e '/^\[New Thread/d' \
		-e '/^\[Thread .* exited\]/d' -e 's/pid = [0-9]*/pid = N/'
}

gdb_steps() {
	in_gdb ./debugged -ex 'break square' -ex run -ex bt -ex 'p place' -ex 'p n' -ex finish \
		-ex 'p place.x = 7' -ex 'info breakpoints' -ex 'delete' -ex 'call square(9)' \
		-ex 'p square(place.x)' -ex 'handle SIGUSR1 nostop noprint' -ex continue
	in_gdb ./debugged -ex 'tbreak recurse if depth == 1' -ex run -ex 'up' -ex 'info locals' \
		-ex 'return 40' -ex 'bt' -ex kill
	in_gdb ./debugged -ex 'break main' -ex run -ex 'next 2' -ex 'step' -ex 'stepi' -ex 'x/2i $pc' \
		-ex 'info registers rip cs ss' -ex 'info locals' -ex 'p $_siginfo.si_code' -ex kill
	in_gdb -ex 'run' -ex 'p $_siginfo._sifields._kill' -ex 'signal 0' -ex 'p $_siginfo.si_signo' \
		-ex continue -ex 'p $_exitcode' -ex 'p $_exitsignal' --args ./debugged fault
}

gdb_watches() {
	in_gdb ./debugged -ex 'break main' -ex run -ex 'watch watched' -ex continue -ex continue \
		-ex 'rwatch place.x' -ex 'awatch place.y' -ex 'info watchpoints' -ex 'kill'
	in_gdb ./debugged -ex 'break main' -ex run -ex 'hbreak square' -ex 'rwatch place.x' -ex continue \
		-ex 'bt 1' -ex continue -ex 'bt 1' -ex 'info breakpoints' -ex kill
}

gdb_events() {
	in_gdb ./debugged -ex 'handle SIGUSR1 stop print' -ex 'catch fork' -ex run -ex 'p $_siginfo.si_signo' \
		-ex 'p $_siginfo._sifields._kill.si_uid' -ex continue -ex 'bt 1' -ex continue
	in_gdb ./debugged -ex 'handle SIGUSR1 nostop noprint' -ex 'set follow-fork-mode child' \
		-ex 'break square if n == 5' -ex 'run >/dev/null' -ex bt -ex 'info inferiors' -ex continue
	in_gdb ./debugged -ex 'handle SIGUSR1 nostop noprint' -ex 'catch syscall exit_group' -ex run -ex continue
	in_gdb /bin/sh -ex 'set follow-exec-mode same' -ex 'catch exec' -ex 'run' -ex 'p $_exitcode' \
		-ex continue --args /bin/sh -c 'exec /bin/echo from exec'
}

gdb_threads() {
	in_gdb ./debugged -ex 'break work' -ex 'handle SIGUSR1 nostop noprint' -ex run -ex 'thread apply all -q bt 1' \
		-ex delete -ex continue >log
	grep -c '^Thread.*hit Breakpoint 1, work' log
	grep -e 'threads: ' -e exited log
	in_gdb ./debugged -ex 'break add' -ex 'handle SIGUSR1 nostop noprint' -ex run -ex 'delete' \
		-ex 'set scheduler-locking step' -ex 'next' -ex 'finish' -ex 'p watched > 0' \
		-ex 'set scheduler-locking off' -ex continue | grep -e '= 1$' -e 'threads: ' -e exited
}

gdb_attaches() {
	./debugged wait >said &
	child=$!
	until grep -q child said; do sleep 0.1; done
	in_gdb ./debugged -p $child -ex 'bt' -ex 'p watched' -ex 'set var watched = 0' -ex 'p place.name' -ex 'info inferiors' \
		-ex detach | grep -e '^\$' -e ' main ' -e detached
	wait $child
	echo "attached: $?"
}

gdb_cores() {
	echo /tmp/core.%e >/proc/sys/kernel/core_pattern
	rm -f core.*
	./debugged fault 2>/dev/null & wait $! 2>/dev/null
	echo "status $?"
	in_gdb ./debugged core.debugged -ex bt -ex 'p place' -ex 'p watched' -ex 'p $_siginfo.si_signo' \
		-ex 'p $_siginfo._sifields._sigfault.si_addr' -ex 'info auxv' -ex 'info threads' | grep -v -e AT_ -e '^\[New LWP'
	in_gdb ./debugged -ex 'break square' -ex run -ex 'generate-core-file made' -ex kill
	in_gdb ./debugged made -ex 'bt 2' | grep '^#'
}

with_strace() {
	strace -o log -e trace=openat,write,exit_group,execve sh -c 'echo words >/tmp/out; exit 3'
	echo "status $?"
	grep -v -e '/lib' -e '/etc' log | sed 's/0x7[ef][0-9a-f]*/0x7fN/'
	strace -f -o log sh -c 'true | (exit 4); /bin/true; kill -USR1 $$' & wait $! 2>/dev/null
	echo "status $?"
	grep -c -e '^[0-9]* *execve' log
	grep -o -e 'exited with [0-9]*' -e 'killed by [A-Z0-9]*' -e '--- SIGUSR1.*SI_USER' log | sort | uniq -c
	grep -q SIGCHLD log && echo 'and of children' # how many depends on which end together
	strace -f -o log ./debugged
	grep -c -e 'clone3*(' log
	grep -q -e '+++ exited with 0' log && echo 'of threads' # one that main overtakes ends with its 9
	grep -o 'SIGUSR1 {si_signo=SIGUSR1, si_code=SI_TKILL' log
	strace -c -o counts cat /etc/passwd >/dev/null && grep -c -e openat -e read -e total counts
	strace -y -e trace=read cat /etc/passwd 2>&1 >/dev/null | grep -o 'read([0-9]</etc/passwd>' | head -1
	strace -e inject=openat:error=ENOENT:when=3 -o log cat /etc/passwd 2>&1
	strace -qq -e inject=getuid,geteuid:retval=77 id -u 2>/dev/null
	sleep 1000 &
	child=$!
	strace -p $child -o log 2>/dev/null & tracer=$!
	until grep -q 'TracerPid:.[1-9]' /proc/$child/status; do sleep 0.1; done
	kill -STOP $child
	until grep -q 'stopped by' log; do sleep 0.1; done
	kill -CONT $child
	until grep -q SIGCONT log; do sleep 0.1; done
	kill -INT $tracer; wait $tracer 2>/dev/null
	grep -o -e '--- [a-z ]*SIG[A-Z]*' log
	kill $child
	wait $child 2>/dev/null
	echo "after strace: $?"
	setpriv --reuid 65534 --regid 65534 --clear-groups strace -p 1 2>&1 | grep -o 'Operation not permitted'
}

with_ltrace() {
	ltrace -o log -e 'puts+strlen+getenv' /work/lazy words
	cat log | sed 's/0x[0-9a-f]*/N/g; s/lazy->//'
	ltrace -S -f -o log /work/lazy words; grep -c SYS_write log
	ltrace -f -o log ./debugged
	grep -c -e 'pthread_create(' log
	grep -o -e 'printf("recursed: %d.n", 12' -e '--- SIGUSR1' -e 'exited (status [0-9]*)' log | sort -u
}

with_listings() {
	exec 7>/tmp/open 8</etc/passwd
	lsof -p $$ -a -d 7,8 2>/dev/null | sed -E 's/ +/ /g' | cut -d ' ' -f 1,3-5,9
	lsof -t /tmp/open 2>/dev/null | grep -c "^$$\$"
	pmap $$ | sed -n '$s/[0-9]*K/NK/p'
	pmap -x $$ | grep -c bash
	ps -o pid,ppid,comm,args -p $$ | sed 's/ *[0-9][0-9]* */N /g' | tail -1 | cut -c 1-40
	ps -eLf >/dev/null && ps axjf >/dev/null && ps -eo pid,wchan,rss,etimes,psr >/dev/null && echo lists
	pgrep -x bash >/dev/null && echo found
	sleep 1000 & pkill -P $$ -x sleep; wait $! 2>/dev/null; echo "pkill: $?"
	TERM=dumb top -b -n 1 | grep -c '^ *PID USER'
	vmstat | wc -l
	free -m | head -1 | wc -w
	w -h | wc -l
	uptime | grep -c 'load average'
	fuser /tmp/open 2>/dev/null | grep -c $$
	pstree -A 1 >/dev/null && slabtop -o >/dev/null 2>&1; tload -V >/dev/null
	pwdx $$ | sed 's/^[0-9]*/N/'
	prlimit -p $$ --nproc --output RESOURCE | tail -1
	taskset -p $$ | cut -d : -f 1 | sed 's/[0-9][0-9]*/N/'
}

for name; do
	part "$name"
	$name 2>&1
done

# SPDX-License-Identifier: MIT
# Programs that draw on a terminal, each in a window of tmux: what they show, and what comes of
# the keys they are sent. Prints the same on any number of processors.
export LC_ALL=C.UTF-8 TERM=xterm-256color PS1='$ ' SHELL=/bin/bash HISTFILE= ENV=
cd /tmp || exit 1
trap 'tmux kill-server 2>/dev/null' EXIT

# start NAME COMMAND...: a window of 80 columns and 24 rows, in a session of its own.
start() {
	name=$1
	shift
	tmux -f /dev/null new-session -d -s "$name" -x 80 -y 24 "$@" || exit 1
	tmux set-option -g status off
}

# see PATTERN: waits until a line of the screen matches.
see() {
	local end=$((SECONDS + 60))
	while [ $SECONDS -lt $end ]; do
		tmux capture-pane -p -t "$name" >screen && grep -q -e "$1" screen && return
		sleep 0.1
	done
	echo "$name: never seen: $1"
	cat screen
	exit 1
}

keys() {
	tmux send-keys -t "$name" "$@"
}

# line TEXT: types a line.
line() {
	keys -l "$1"
	keys Enter
}

# over: waits until the window's program has ended.
over() {
	local end=$((SECONDS + 60))
	while [ $SECONDS -lt $end ]; do
		tmux has-session -t "=$name" 2>/dev/null || return
		sleep 0.1
	done
	echo "$name: still there"
	tmux capture-pane -p -t "$name"
	exit 1
}

shows() {
	echo "-- $*"
	grep -v '^ *$' screen
}

jobs_in() {
	start "$1" "$2"
	see '[$#%] *$'
	line 'cat'
	line 'echoed by the terminal'
	see 'terminal'
	keys C-z
	see 'opped\|uspended'
	line 'fg'
	line 'again'
	keys C-d
	line 'echo cat ended with $?'
	see 'ended with 0'
	line 'sleep 1000'
	sleep 0.3
	keys C-c
	line 'echo interrupted: $?'
	see 'interrupted: 130'
	line 'sleep 1000 | cat &'
	line 'kill %1; wait; echo waited'
	see '^waited'
	line 'stty size; tty | tr 0-9 N'
	see '/dev/pts/N'
	tmux resize-window -t "$name" -x 70 -y 20
	sleep 0.3
	line 'stty size'
	see '20 70'
	line 'exit'
	over
	echo "$1: good"
}

jobs_in_shells() {
	jobs_in dash 'dash -i'
	jobs_in bash 'bash --norc'
	jobs_in zsh 'zsh -f'
}

edit_with_vim() {
	start vim bash --norc
	see '^\$'
	line 'vim -u NONE -N note'
	see '"note".*[Nn]ew'
	keys i 'line one' Enter 'line two' Enter 'line three' Escape
	see 'line three'
	line ':2s/two/2/'
	keys g g d d G p
	line ':w'
	see 'written'
	keys C-z
	see 'Stopped'
	line 'fg'
	see 'line three'
	line ':r !seq 3 | tac'
	see '^1'
	line ':set number'
	see '^ *6 1'
	shows 'vim with numbers'
	line ':wq'
	see '^\$ *$'
	line exit
	over
	cat note
}

edit_with_emacs() {
	start emacs emacs -nw -Q -l /dev/null note
	see 'line three'
	keys M-\> 'added by emacs' Enter C-x C-s
	see 'Wrote'
	keys M-x
	line 'shell-command'
	see 'Shell command:'
	line 'echo $((6 * 7)) from a child'
	see '^42 from a child'
	keys M-x
	line 'shell'
	see '[$#] *$'
	line 'echo in a shell; tty | tr 0-9 N'
	see '/dev/pts/N'
	keys M-x
	line 'server-start'
	sleep 1
	keys M-:
	line '(* 111 111)'
	see '12321'
	keys C-x C-c
	see 'Active processes exist'
	line yes
	over
	cat note
	emacs --batch -Q --eval '(progn (princ (format "%s %S\n" (emacs-pid) (mapcar (quote 1+) (list 1 2)))))' |
		sed 's/^[0-9]*/PID/'
	emacs --batch -Q --eval '(let ((p (make-process :name "x" :command (list "sh" "-c" "read x; echo got $x; exit 3") :connection-type (quote pty) :filter (lambda (_ s) (princ (string-trim s)) (terpri))))) (process-send-string p "a word\n") (while (process-live-p p) (accept-process-output p 1)) (princ (format "status %d\n" (process-exit-status p))))'
}

look_with_htop() {
	start htop htop -d 5
	see 'Load average'
	see 'PID USER'
	see 'htop'
	keys F2
	see 'Setup\|Categories'
	keys Escape
	sleep 0.5
	keys F5
	see 'tmux'
	keys q
	over
	start top top -d 0.5
	see '^top - '
	see 'Tasks: .* total'
	see 'PID USER'
	keys 1
	see '^%Cpu'
	keys q
	over
	echo 'htop and top: good'
}

page_with_less() {
	seq 1 1000 >numbers
	start less less numbers
	see '^23'
	line '/777'
	see '^777'
	keys G
	see '^1000'
	line '!echo from less $((1 + 1))'
	see 'from less 2'
	keys Enter
	sleep 0.3
	keys q
	over
	echo 'less: good'
}

screens_in_screen() {
	start screen screen -c /dev/null
	see 'Press Space\|[$#] *$'
	keys Space
	see '[$#] *$'
	line 'echo first window: $STY | sed "s/[0-9][0-9]*/N/"'
	see 'first window: N'
	keys C-a c
	see '[$#] *$'
	line 'echo second $WINDOW; stty size'
	see 'second 1'
	keys C-a 0
	see 'first window: N'
	keys C-a 1
	see 'second 1'
	keys C-a d
	over
	screen -ls | sed -n 's/.*(\(.etached\)).*/screen is \1/p'
	screen -X -p 0 stuff 'echo stuffed >/tmp/stuffed\n'
	start screen2 screen -r
	see 'second 1'
	until [ -s /tmp/stuffed ]; do sleep 0.1; done
	cat /tmp/stuffed
	keys C-a
	keys '\'
	see 'eally quit'
	keys y
	over
	echo 'screen: good'
}

windows_of_tmux() {
	start split bash --norc
	see '^\$'
	line 'echo left'
	tmux split-window -h -t split 'echo right; cat'
	tmux split-window -v -t split 'echo below; stty size; cat'
	see 'below'
	tmux list-panes -t split -F '#{pane_index} #{pane_width}x#{pane_height} #{pane_current_command}'
	until tmux capture-pane -p -t split.1 | grep -q right; do sleep 0.1; done
	tmux send-keys -t split.1 'typed to the right' Enter
	tmux pipe-pane -t split.1 'cat >piped'
	tmux send-keys -t split.1 'and piped' Enter
	until grep -q piped piped 2>/dev/null; do sleep 0.1; done
	until [ "$(tmux capture-pane -p -t split.1 | grep -c piped)" = 2 ]; do sleep 0.1; done
	tmux capture-pane -p -t split.1 | head -5
	(sleep 0.3; tmux wait-for -S gate) &
	tmux wait-for gate && echo 'the gate opened'
	tmux set-buffer pasted
	tmux paste-buffer -t split.2
	tmux kill-pane -t split.2
	tmux resize-pane -t split.0 -x 50
	tmux list-panes -t split -F '#{pane_index} #{pane_width}x#{pane_height}'
	# Job control without a server's help: tmux in tmux.
	start inner env -u TMUX tmux -L inner -f /dev/null new bash --norc
	see '\[0\]'
	line 'echo inside'
	see '^inside'
	keys C-b d
	over
	tmux -L inner list-sessions | sed 's/(created.*)/created/'
	printf 'display-message -p "control #{session_name}"\nkill-server\n' | tmux -L inner -C attach |
		grep '^control'
	tmux kill-session -t split
}

record_with_script() {
	script -q -c 'tty | tr 0-9 N; echo recorded; exit 3' -T timing typed </dev/null
	echo "script: $?"
	script -q -e -c 'test -t 0 && test -t 1; exit 5' /dev/null
	echo "script -e: $?"
	tr -d '\r' <typed | grep -v '^Script'
	printf 'echo typed $((3 * 4))\nexit\n' | script -q -c 'bash --norc' typed >/dev/null
	grep -c 'typed 12' typed
}

talk_with_expect() {
	expect <<'T' | grep -o 'expect: .*'
set timeout 60
spawn -noecho bash --norc
expect {$ }
send "stty -echo; echo pid \$\$\r"
expect -re {pid (\d+)}
puts "expect: [expr {$expect_out(1,string) > 1}]"
send "read -p 'Word? ' w; echo got \$w\r"
expect "Word? "
send "spoken\r"
expect "got spoken" { puts "\nexpect: answered" }
send "sleep 1000\r"
sleep 0.3
send "\003"
send "echo status \$?\r"
expect -re {status (\d+)} { puts "\nexpect: $expect_out(1,string)" }
send "exit 6\r"
expect eof
puts "\nexpect: [lindex [wait] 3]"
spawn -noecho sh -c "echo no answer; exec sleep 1000"
set timeout 1
expect {
	"never" { puts never }
	timeout { puts "expect: timed out" }
}
exec kill -9 [exp_pid]
expect eof
puts "expect: [lrange [wait] 4 end]"
T
	unbuffer sh -c 'test -t 1 && echo unbuffered'
}

for part; do
	($part) || echo "$part: failed"
	tmux kill-server 2>/dev/null
done
exit 0

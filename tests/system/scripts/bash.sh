# SPDX-License-Identifier: MIT

# bash as a program with shared libraries: jobs, traps, substitutions, many processes at once.
set -o pipefail
cd /tmp || exit 1
declare -A seen
for word in one two three one two one; do ((seen[$word]++)); done
for word in one two three; do echo $word ${seen[$word]}; done
coproc cat
echo through the coprocess >&${COPROC[1]}
read -r line <&${COPROC[0]}
echo "$line"
cat <(echo first) <(echo second) | tee >(wc -l >lines) | tail -n 1
while [ ! -s lines ]; do sleep 0.01; done
cat lines
for i in {1..60}; do (sleep 0.0$((i % 5)); exit $((i % 7))) & pids+=($!); done
total=0
for pid in "${pids[@]}"; do wait $pid; ((total += $?)); done
echo jobs $total
for i in {1..20}; do echo $i & done | sort -n | tail -n 1
(for i in {1..5}; do sleep 0.01 & wait -n; echo -n $?; done; echo)
trap 'echo usr1' USR1
(kill -USR1 $$); until [ $? = 0 ]; do :; done
trap 'echo term; trap - TERM' TERM
kill -TERM $$
set -m
sleep 100 &
kill -STOP %sleep; until jobs -s | grep -o sleep; do :; done; kill -CONT %sleep; kill %sleep; wait %sleep; echo $?
set +m
false | true | (exit 3) | true; echo ${PIPESTATUS[@]} $?
mapfile -t rows < <(seq 5 9); echo ${#rows[@]} ${rows[-1]}
[[ abc123 =~ ([a-z]+)([0-9]+) ]] && echo ${BASH_REMATCH[2]}
printf '%(%Y)T\n' 86400; printf -v text '%05d' 42; echo $text ${text/0/x} ${text^^}
f() { local depth=$1; ((depth)) && f $((depth - 1)) || echo bottom; }
f 100
exec 5<>file; echo five >&5; cat file; exec 5>&-
echo "$(echo "$(echo "$(echo nested)")")"
read -t 0.05 nothing < <(sleep 1); echo read $?
ulimit -n 64; ulimit -n; (ulimit -t 1; while :; do :; done); echo limit $?
seq 2000 | while read -r n; do echo $((n * n)); done | sha256sum
exit 9

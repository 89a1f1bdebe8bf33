# SPDX-License-Identifier: MIT
"""A shell script of 2,000 lines with pipes and background jobs, the same one every time.

Sections are drawn by a seeded random number and filled with numbers; what a script prints
does not depend on who runs first.
"""
import random

HEAD = """#!/bin/sh
# Made by tests/system/bigscript.py.
cd "${TMPDIR:-/tmp}" && mkdir big.$$ && cd big.$$ || exit 1
work() { seq 1 $1 | sed "s/^/$2/" | tail -n 1; }
fib() { if [ $1 -lt 2 ]; then echo $1; else echo $(($(fib $(($1 - 1))) + $(fib $(($1 - 2))))); fi; }
total=0
"""

TAIL = """{ for n in 1 2 3 4 5; do (sleep 0.0$n; echo last $n) & done; wait; } | sort
fib 7
ls | wc -l
cd .. && rm -r big.$$
echo total $total
exit 17
"""

SECTIONS = """
echo line @ | tr a-z A-Z
----
total=$((total + @))
echo sum $total
----
work @ w &
wait $!
----
if [ $((total % 2)) = 0 ]; then
  echo even $total
else
  echo odd $total
fi
----
seq 1 @ | while read i; do
  [ $i = @ ] && echo reached $i
done
----
(sleep 0.01; exit @) &
job=$!
echo meanwhile @
wait $job || echo job $?
----
echo @ >file@
x=$(cat file@ file@ | tr '\\n' +)0
echo $((x))
----
case @ in
  1*) echo teens ;;
  *[02468]) echo even ;;
  *) echo others ;;
esac
----
for w in a b c; do
  echo $w-@
done | sort -r | head -n 2
----
for n in 1 2 3 4; do
  (echo part $n; sleep 0.00$n) >part$n &
done
wait
cat part1 part2 part3 part4 | cksum
----
mkfifo pipe.@
seq 1 @ >pipe.@ &
awk '{ s += $1 } END { print s }' <pipe.@
wait
rm pipe.@
----
{ echo out @; echo err @ >&2; } 2>err.txt | cat - err.txt | sort
----
trap 'echo caught @' USR1
kill -USR1 $$
trap - USR1
----
cat <<T | grep -c @
@ $total
no number
T
----
sleep 100 &
victim=$!
kill -TERM $victim
wait $victim 2>/dev/null
echo ended $?
----
yes @ | head -n @ | wc -l
----
(seq 1 @ | (read first; cat | tail -n 1; echo $first) | sort -n) 2>&1
----
seq 1 @ | xargs -n 3 echo | md5sum
----
i=0
while [ $i -lt @ ]; do
  i=$((i + 3))
  [ $i -gt 20 ] && break
done
echo $i
----
( cd / && pwd; x=inner; (x=deeper; echo $x; exit @); echo $? )
----
echo "$(echo "$(echo "$(echo @)")")" | sed 's/[0-9]/<&>/g'
----
sh -c 'echo child $1; exit $1' sh @
echo status $?
----
find . -name 'file*' | sort | head -n 1 | cut -c 1-6
----
printf '%s\\n' @ @ @ | sort -n | uniq -c | awk '{ print $1 * $2 }'
----
exec 4>four; echo @ >&4; exec 4>&-
exec 4<four; read -r line <&4; exec 4<&-; echo got $line
----
set -- a @ c; shift; echo $# $1; set --
""".strip("\n").split("\n----\n")


def script(lines=2000):
    random.seed(7)
    text, bodies = HEAD, []
    while text.count("\n") < lines - TAIL.count("\n"):
        if not bodies:
            bodies = random.sample(SECTIONS, len(SECTIONS))
        body = bodies.pop()
        text += body.strip("\n").replace("@", str(random.randrange(2, 40))) + "\n"
    return text + TAIL

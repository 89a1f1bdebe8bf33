# SPDX-License-Identifier: MIT
# The shell language itself.
x=5; echo $x ${x} "${x}y" '$x' $((x * 2 + 1)) $((x > 3 ? 10 : 20)) $((0x1f | 64)) $((1 << 40))
echo ${x:-d} ${y:-d} ${y:=set} $y ${x:+alt} ${z:+alt}. ${#x} ; s=path/to/file.tar.gz
echo ${s%/*} ${s##*/} ${s%%.*} ${s#*/} ${s%.gz}; (: ${nosuch:?not set}) 2>&1 | sed 's/.*: //'
set -- one "two words" three; echo $# "$2"; for a; do echo "<$a>"; done; for a in $*; do echo -n "($a)"; done; echo
shift 2; echo $# $1; IFS=:; set -- $PATH; IFS=' '; [ $# -gt 2 ] && echo split; unset IFS
f() { local v=in; echo $v $1 $#; return 3; }; v=out; f a b; echo $? $v; g() { echo "$@" | cat; }; g 1 2
case hello in h?llo) echo q;; *) echo no;; esac; case x in a|b) echo ab;; [w-z]) echo wz;; esac
i=0; while :; do i=$((i + 1)); [ $i = 3 ] && continue; [ $i -gt 5 ] && break; echo -n $i; done; echo
until [ $i -le 3 ]; do i=$((i - 1)); done; echo $i; for d in 1 2; do for e in 1 2; do [ $e = 2 ] && continue 2; echo $d$e; done; done
if false; then echo a; elif true; then echo b; else echo c; fi; true && echo and || echo or; false && echo and || echo or
echo $(echo nested $(echo deep)) `echo back`; v=$(printf 'a\n\n\n'); echo "$v."; (v=sub; echo $v); echo "$v"
cat <<T; cat <<'T'; cat <<-T
value $x $(echo sub)
T
value $x
T
	tabs gone
	T
read a b <<T
first second third
T
echo "$b"; printf 'l1\nl2\n' | while read -r l; do echo "[$l]"; done; echo 'a\b' | { read -r r; echo "$r"; }
touch g1 g2 g3 .hid; echo g*; echo g[12]; echo nomatch*; echo .h*; echo "g*"; mkdir d; touch d/x; echo */x; rm -r g? d
exec 3>out; echo to three >&3; exec 3>&-; cat out; { echo a; echo b >&2; } 2>&1 | sort; { echo err >&2; } 2>/dev/null; echo x 2>&1 >/dev/null
echo in >f; cat <f >f2; cat f2; cat <>f; : >f; wc -c <f; echo a >f; echo b >>f; cat f; cat nosuch 2>/dev/null || echo fails
eval 'echo $x; e=1'; echo $e; alias al='echo aliased'; al; type f | head -n 1; command echo direct; unset -f f; f 2>/dev/null || echo no f
set -e; (false; echo not) || echo "caught"; set +e; set -u; (echo $undefined) 2>/dev/null || echo unset; set +u; set -f; echo *; set +f
trap 'echo bye' EXIT; (trap - EXIT; exit 2); echo $?; getopts ab: o -a -b v; echo $o; getopts ab: o -a -b v; echo $o $OPTARG
echo $((x++)) $x $((--x)) $((7 % 3)) $((-7 / 2)) $((1 && 0)) $((~5)) $((x = 9)) $x; let x=x+1 2>/dev/null; echo $x
printf '%s\n' {a,b}c; echo ~root ~; cd /tmp; cd ..; pwd; cd - ; pushd 2>/dev/null || echo "no pushd"; export E=v; sh -c 'echo $E'
readonly R=1; (R=2) 2>/dev/null || echo readonly; . /dev/stdin <<T
echo sourced; sv=1
T
echo $sv; test -d / -a ! -f / && echo t; [ abc \< abd ] && echo lt; [ -n "" ] || echo empty; [ 10 -gt 9 ] && echo gt; [[ abc == a* ]] && echo glob
n=0; for k in $(seq 1 500); do n=$((n + k)); done; echo $n; seq 1 50 | while read k; do (echo $k); done | tail -n 1; echo $LINENO >/dev/null
wait; jobs; sleep 0.1 & jobs | sed 's/ *$//'; wait %1; echo $?; hash -r; umask; times | wc -l; ulimit -n >/dev/null && echo limit
echo "$-" | grep -c . ; echo $0 | sed 's|.*/||'; sh -c 'echo $0 $1' name arg; sh -s x <<T
echo "s $1 \$1"
T

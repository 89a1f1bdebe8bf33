# SPDX-License-Identifier: MIT
# Filters and editors of streams.
seq 1 30 >n; for w in pear apple fig apple Plum fig apple; do echo $w; done >w
sort w | uniq -c | sort -rn; sort -u w; sort -f w | head -n 2; sort -r n | head -n 2
printf 'b 2\na 10\nc 1\n' | sort -k 2 -n; printf '3,x\n1,y\n' | sort -t , -k 2
sed -n '3,5p;$=' n; sed 's/1/[&]/;5q' n; sed '/apple/d' w; sed 'y/abc/xyz/' w | head -n 2
sed -n '/2$/{N;s/\n/+/;p}' n; sed -e '1i\' -e 'first' -e '$a last' w | sed '2,$!d' | tail -n 2
awk 'NR % 7 == 0 {print NR ": " $0}' n; awk '{c[$1]++} END {for (k in c) print k, c[k]}' w | sort
awk -F : '{print $1, $3}' /etc/passwd; awk 'BEGIN {printf "%5.2f|%-5s|%05d|%x\n", 3.14159, "ab", 42, 255}'
awk 'BEGIN {while (("seq 3" | getline x) > 0) s += x; close("seq 3"); print s, length("word"), substr("abcdef", 2, 3), toupper("x")}'
awk 'function f(n) {return n < 2 ? n : f(n-1) + f(n-2)} BEGIN {print f(15); print match("foobar", /o+/), RSTART, RLENGTH; n = split("a:b:c", p, ":"); print n, p[3]; gsub(/a/, "b"); print int(7.9) }'
grep -c apple w; grep -n fig w; grep -v -e fig -e apple w; grep -i plum w; grep -x appl w; echo $?
grep -E '^(a|p)' w | wc -l; grep -o '[0-9]5' n; grep -r apple . | sort; grep -q nothing w || echo none
tr a-z A-Z <w | head -n 2; echo hello | tr -d l; echo aabbcc | tr -s a-c; echo x y | tr ' ' '\n'
cut -c 1-3 w | head -n 2; cut -d : -f 1,3 /etc/passwd | head -n 1; echo abcdef | cut -b 2-4
head -n 2 n; head -c 5 w; echo; tail -n 2 n; tail -n +29 n; tail -c 6 w; head -n -28 n
wc n w; wc -c <w; echo 'one  two' | wc -w; nl w | head -n 2; tac w | head -n 2; rev w | head -n 1
seq 1 3 | tee t1 t2 | cat; cat t1 t2 | wc -l; paste t1 t2; paste -s -d + t1
seq 2 9 >m; diff n m | head -n 4; diff -u w w && echo same; seq 1 5 >p1; seq 1 6 | sed s/3/three/ >p2
diff -u p1 p2 | tail -n +3; diff -u p1 p2 >p; patch p1 <p; cmp p1 p2 && echo patched; patch -R p1 <p; cat p1
fold -w 10 <<T
a long line that is folded
T
echo '	x' | expand | od -c | head -n 1; unexpand -a <<T
        y
T
od -An -tx1 -N 8 w; od -c w | head -n 1; hexdump -C w | head -n 1; xxd w | head -n 1; strings w | head -n 1
md5sum w n; sha1sum w; sha256sum n; sha512sum w; sha3sum w; cksum w 2>/dev/null; crc32 w; md5sum w >s; md5sum -c s
base64 w | head -n 1; base64 w | base64 -d | cmp - w; uuencode w w | uudecode -o w2; cmp w w2 && echo back
printf '%s|%5d|%-5s|%c|%o|%e\n' str 42 ab xyz 8 1.5; printf '%b' 'a\tb\n'; echo -n no; echo -e ' x\ty'
seq 1 10 | xargs; seq 1 10 | xargs -n 3; echo a b | xargs -n 1 echo item; printf 'a b\0c\0' | xargs -0 -n 1
seq 5 | xargs -I X echo "<X>"; seq 1 20000 | xargs echo | wc; seq 5 | shuf | sort | tr '\n' ' '; echo
expr 3 + 4 \* 2; expr abc : 'a\(.\)'; expr 5 \> 3; expr length word; factor 360 97; seq 10 -3 1; seq -s , 3
bc <<T
2 ^ 64
scale = 5; 22 / 7
T
dc -e '2 3 ^ p'; cal 2 2024; date -u -d '2020-02-29 12:00:00' '+%s %j %A'; basename /x/y.z .z; dirname /x/y
dos2unix <<T | od -c | head -n 1
x
T
ed p2 <<T
2,3p
2s/2/zwei/p
\$a
more
.
1d
1,\$n
w
q
T
cat p2; printf 'x\n' >e; ed e <<T
a
y
.
w
q
T
cat e; sed -i.bak 's/x/X/' e; cat e e.bak; yes | head -n 50000 | md5sum

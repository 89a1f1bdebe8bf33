# SPDX-License-Identifier: MIT
# Mounts, memory, devices, identity: what is the same on every Linux.
mkdir m; mount -t tmpfs -o size=1m,mode=700 none m; stat -c %a m; grep -c " $PWD/m tmpfs" /proc/mounts
dd if=/dev/zero of=m/f bs=64k count=100 2>/dev/null; echo $?; stat -c %s m/f; df -k m | awk 'NR == 2 {print $2, $3, $4, $5}'
rm m/f; df -k m | awk 'NR == 2 {print $2, $3, $4, $5}'; echo x >m/f; exec 5<m/f; umount m; echo $?; exec 5<&-; umount m; echo $?; ls m
mount -t tmpfs none m; mkdir m/n; mount -t proc none m/n; ls -d m/n/1 | wc -l; umount m/n m; mount -t nosuchfs none m; echo $?
mkdir b; echo y >b/y; mount --bind b m; cat m/y; mount -o remount,ro,bind m 2>/dev/null; umount m
umount /nosuch; echo $?; mount | grep -c -E ' on /(proc|dev) '; mountpoint /proc 2>/dev/null; du -k b | wc -l
free | awk 'NR == 2 {print ($2 > 200000 && $2 < 262145), ($3 < $2), ($4 < $2)}'; grep -c -E '^(MemTotal|MemFree|MemAvailable):' /proc/meminfo
uname -s; uname -m; nproc; hostname; hostname new; hostname; uname -n; hostname linnet; id; whoami; date +%Y | grep -c 20
uptime | grep -c 'load average'; cut -d ' ' -f 1-3 /proc/loadavg | tr -d '0-9. ' | wc -c; head -n 1 /proc/stat | cut -c 1-4; grep -c processor /proc/cpuinfo
ls -l /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty /dev/console | awk '{print $1, $3, $5, $6, $NF}'
echo x >/dev/full; echo $?; head -c 4 /dev/zero | od -An -tx1; echo gone >/dev/null; cat /dev/null; head -c 100 /dev/urandom | wc -c
a=$(head -c 16 /dev/urandom | md5sum); b=$(head -c 16 /dev/random | md5sum); [ "$a" != "$b" ] && echo differ
ls /proc/self/task | wc -l; grep -c '\[stack\]' /proc/self/maps; grep -E '^(Name|Threads|Uid|Gid|SigIgn):' /proc/self/status | tr '\t' ' '
cat /proc/self/comm; wc -w </proc/self/stat; cat /proc/self/environ | tr '\0' '\n' | grep -c ^TZ=; ls -l /proc/self/fd/0 | wc -l; cat /proc/sys/kernel/ostype
cat /proc/filesystems | grep -c -w -E 'tmpfs|proc'; grep -c . /proc/version; ls /proc | grep -c -x -E 'meminfo|mounts|self|stat|uptime|version|cpuinfo|loadavg|cmdline'
ls /proc/nosuch; echo $?; cat /proc/999999/stat; echo $?; echo x >/proc/version; echo $?; rm /proc/version; echo $?; mkdir /proc/x; echo $?
pwd | grep -c tmp; cd b; rm -r ../b; pwd -P >/dev/null 2>&1; ls; echo x >y; echo $?; cd ..; sync; echo $?; dmesg | grep -c . | grep -c -v '^0$'
stty -a </dev/null; echo $?; tty; test -t 0; echo $?; getopt -o ab: -- -a -b x y; sysctl -n kernel.ostype; logger 2>/dev/null; mesg 2>/dev/null; which sh
losetup 2>/dev/null | wc -l; insmod /nosuch.ko 2>/dev/null; echo $?; hwclock >/dev/null 2>&1; taskset 1 echo pinned; ionice echo io; chvt 1 2>/dev/null; echo end

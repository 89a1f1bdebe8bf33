# SPDX-License-Identifier: MIT

# Threads, processes, sockets, signals and files from perl.
use strict;
use warnings;
use threads;
use threads::shared;
use Thread::Queue;
use POSIX qw(:sys_wait_h floor strftime);
use Socket;
use IO::Select;
use IPC::Open3;
use Time::HiRes qw(time usleep setitimer ITIMER_REAL);
use Storable qw(freeze thaw);
use Digest::SHA qw(sha256_hex);
use Fcntl qw(:flock);
use File::Temp qw(tempdir);
use List::Util qw(sum max shuffle);

$| = 1;
my $total :shared = 0;
my @threads = map { my $n = $_; threads->create(sub {
	for (1 .. 200) { lock($total); $total += $n }
	return $n * $n;
}) } 1 .. 8;
print "threads: ", join(" ", map { $_->join } @threads), " $total\n";

my ($in, $out) = (Thread::Queue->new, Thread::Queue->new);
@threads = map { threads->create(sub {
	while (defined(my $n = $in->dequeue)) { $out->enqueue($n * 3) }
}) } 1 .. 4;
$in->enqueue(1 .. 400);
$in->end;
$_->join for @threads;
$out->end;
my $sum = 0;
while (defined(my $n = $out->dequeue)) { $sum += $n }
print "queue: $sum\n";

my %wanted;
for my $n (1 .. 10) {
	my $pid = fork // die;
	if (!$pid) { usleep(1000 * ($n % 3)); POSIX::_exit($n) }
	$wanted{$pid} = $n;
}
my $right = 0;
while ((my $pid = wait) > 0) { $right += $wanted{$pid} == $? >> 8 }
print "children: $right\n";

pipe(my $read, my $write) or die;
if (!fork) {
	close $read;
	print $write "line $_\n" for 1 .. 5000;
	close $write;
	POSIX::_exit(0);
}
close $write;
my @lines = <$read>;
wait;
print "pipe: ", scalar(@lines), " $lines[-1]";

socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, PF_UNSPEC) or die;
if (!fork) {
	close $a;
	while (sysread($b, my $word, 100)) { syswrite($b, uc $word) }
	POSIX::_exit(0);
}
close $b;
my $said = '';
for my $word (qw(one two three)) {
	syswrite($a, $word);
	die unless IO::Select->new($a)->can_read(20);
	sysread($a, my $back, 100);
	$said .= "$back ";
}
close $a;
wait;
print "socket: $said\n";

my $ticks = 0;
local $SIG{ALRM} = sub { $ticks++ };
setitimer(ITIMER_REAL, 0.005, 0.005);
select(undef, undef, undef, 0.01) while $ticks < 5;
setitimer(ITIMER_REAL, 0);
print "ticks: ", $ticks >= 5, "\n";
eval { local $SIG{USR1} = sub { die "usr1\n" }; kill USR1 => $$; sleep 1; };
print "died: $@";
system("sh", "-c", "exit 3");
print "system: ", $? >> 8, " ", `echo back; exit 2`, $? >> 8, "\n";
my $pid = open3(my $to, my $from, undef, "sort", "-n");
print $to "$_\n" for shuffle(1 .. 300);
close $to;
my @sorted = <$from>;
waitpid($pid, 0);
print "open3: ", join(",", map { $_ + 0 } @sorted[0, 1, 299]), "\n";

my $folder = tempdir(CLEANUP => 1);
open(my $file, "+>", "$folder/f") or die;
flock($file, LOCK_EX) or die;
print $file freeze({ list => [1 .. 50], text => "t" x 1000 });
seek($file, 0, 0);
my $back = thaw(do { local $/; <$file> });
print "storable: ", sum(@{$back->{list}}), " ", length $back->{text}, "\n";
symlink("f", "$folder/l");
mkdir("$folder/d");
opendir(my $dir, $folder);
print "files: ", join(" ", sort grep { !/^\./ } readdir $dir), " ", -s "$folder/l", "\n";

my %count;
$count{ sha256_hex($_) =~ /^(..)/ ? $1 : "" }++ for 1 .. 3000;
print "digests: ", scalar(keys %count), " ", max(values %count), "\n";
my $text = join " ", map { $_ * 7 % 101 } 1 .. 5000;
my $found = () = $text =~ /\b(\d)\1\b/g;
(my $changed = $text) =~ s/(\d+) (\d+)/$2 $1/g;
print "text: $found ", substr(sha256_hex($changed), 0, 8), "\n";
print strftime("%Y-%m-%d", gmtime(86400 * 365)), " ", floor(-2.5), " ", sprintf("%.3e|%05d|%x", 12345.678, 42, 255), "\n";
exit 5;

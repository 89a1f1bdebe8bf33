<?php
# SPDX-License-Identifier: MIT
# PHP at work: arithmetic, text, files, processes, pipes, sockets, signals, fibres.
declare(strict_types=1);

function say(string $what, mixed ...$values): void
{
    echo $what, ': ', json_encode($values, JSON_UNESCAPED_SLASHES), "\n";
}

say('version', PHP_MAJOR_VERSION, PHP_INT_SIZE, PHP_OS);
say('hash', hash('sha256', implode(',', range(1, 20000))), md5(str_repeat('x', 1000000)));
say('sort', (function () {
    mt_srand(7);
    $numbers = array_map(fn() => mt_rand(0, 1000000), range(1, 50000));
    sort($numbers);
    return [$numbers[0], $numbers[25000], array_sum($numbers)];
})());
say('match', preg_match_all('/\b(\w)(\w*)\b/', 'the quick brown fox', $found), $found[1]);
say('float', sqrt(2), intdiv(-7, 2), 7 % -3, PHP_INT_MAX + 1);

$fiber = new Fiber(function (int $x): int {
    $y = Fiber::suspend($x + 1);
    return $y * 2;
});
say('fibre', $fiber->start(1), $fiber->resume(21), $fiber->getReturn());
function evens(): Generator
{
    for ($i = 0;; $i += 2) {
        yield $i;
    }
}
foreach (evens() as $i) {
    if ($i > 1000) {
        break;
    }
}
say('generator', $i);

# Processes and signals.
$pids = [];
for ($n = 1; $n <= 4; $n++) {
    $pid = pcntl_fork();
    if ($pid === 0) {
        exit($n);
    }
    $pids[] = $pid;
}
say('fork', array_map(function (int $pid): int {
    pcntl_waitpid($pid, $status);
    return pcntl_wexitstatus($status);
}, $pids));
$child = pcntl_fork();
if ($child === 0) {
    posix_kill(posix_getpid(), SIGKILL);
}
pcntl_waitpid($child, $status);
say('killed', pcntl_wifsignaled($status), pcntl_wtermsig($status));
pcntl_async_signals(true);
$caught = [];
pcntl_signal(SIGUSR1, function (int $signal) use (&$caught): void {
    $caught[] = $signal;
});
pcntl_signal(SIGALRM, function (int $signal) use (&$caught): void {
    $caught[] = $signal;
});
posix_kill(posix_getpid(), SIGUSR1);
pcntl_alarm(1);
$left = sleep(20);
say('signals', $caught, $left > 15);
$process = proc_open(['sh', '-c', 'cat; echo oops >&2; exit 7'],
    [['pipe', 'r'], ['pipe', 'w'], ['pipe', 'w']], $pipes);
fwrite($pipes[0], 'through');
fclose($pipes[0]);
say('proc_open', stream_get_contents($pipes[1]), stream_get_contents($pipes[2]),
    proc_close($process));
say('shell', trim(shell_exec('seq 1 5 | paste -sd+')), exec('exit 3', result_code: $code), $code);
$terminal = proc_open(['sh', '-c', 'tty >/dev/null && stty -echo && read x && echo got $x'],
    [['pty'], ['pty'], ['pty']], $ends);
if ($terminal) {
    usleep(300000);
    fwrite($ends[0], "words\n");
    say('pty', str_contains((string) fread($ends[1], 100), 'got words'));
    proc_close($terminal);
}

# Sockets.
[$a, $b] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
fwrite($a, "line one\nline two\n");
$read = [$b];
$none = null;
say('select', stream_select($read, $none, $none, 5), fgets($b), fgets($b));
$server = stream_socket_server('unix:///tmp/php.sock');
$child = pcntl_fork();
if ($child === 0) {
    $client = stream_socket_client('unix:///tmp/php.sock');
    fwrite($client, "from the child\n");
    exit(fgets($client) === "answer\n" ? 0 : 1);
}
$met = stream_socket_accept($server);
say('socket', fgets($met));
fwrite($met, "answer\n");
pcntl_waitpid($child, $status);
say('status', pcntl_wexitstatus($status));

# Files.
$dir = '/tmp/php' . getmypid();
mkdir("$dir/a/b", 0750, true);
file_put_contents("$dir/a/f", str_repeat("line\n", 1000));
file_put_contents("$dir/a/f", 'END', FILE_APPEND | LOCK_EX);
symlink('f', "$dir/a/l");
say('files', filesize("$dir/a/l"), is_link("$dir/a/l"), decoct(fileperms("$dir/a/b")),
    scandir("$dir/a"), substr(file_get_contents("$dir/a/l"), -8));
$file = new SplFileObject("$dir/a/f");
$file->seek(999);
say('seek', $file->current(), rename("$dir/a/f", "$dir/g"), @file_get_contents("$dir/a/f"));
foreach (new RecursiveIteratorIterator(new RecursiveDirectoryIterator($dir,
    FilesystemIterator::SKIP_DOTS), RecursiveIteratorIterator::CHILD_FIRST) as $entry) {
    $entry->isDir() && !$entry->isLink() ? rmdir((string) $entry) : unlink((string) $entry);
}
say('gone', rmdir($dir), file_exists($dir));
say('user', posix_getpwuid(posix_getuid())['name'], posix_uname()['sysname']);
exit(22);

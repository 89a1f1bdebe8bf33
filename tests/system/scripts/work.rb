# SPDX-License-Identifier: MIT
# Ruby at work: threads, processes, sockets, terminals, signals, files, fibres, its libraries.
require "digest"
require "etc"
require "fileutils"
require "io/console"
require "json"
require "open3"
require "pty"
require "securerandom"
require "socket"
require "tempfile"
require "timeout"
require "zlib"

def say(what, *values)
  puts "#{what}: #{values.map(&:inspect).join(' ')}"
  $stdout.flush
end

say "bignum", (1..200).inject(:*).to_s.sum, 3**500 % 1_000_007
say "digest", Digest::SHA256.hexdigest((1..20_000).to_a.join(",")),
    Digest::MD5.hexdigest("x" * 1_000_000)
text = (1..20_000).map(&:to_s).join("\n")
say "zlib", Zlib::Inflate.inflate(Zlib::Deflate.deflate(text)) == text, Zlib.crc32(text)
say "json", JSON.parse(JSON.generate({ "a" => [1, 2.5, nil, true], "b" => { "c" => "d" } }))

# Threads, a lock, a condition, a queue.
lock = Mutex.new
sum = 0
8.times.map { |i| Thread.new { 1000.times { lock.synchronize { sum += i } } } }.each(&:join)
say "threads", sum
queue = SizedQueue.new(4)
made = Thread.new { 500.times { |i| queue << i }; queue << nil }
got = 0
while (i = queue.pop)
  got += i
end
made.join
say "queue", got
begin
  Timeout.timeout(0.1) { sleep 20 }
rescue Timeout::Error => e
  say "timeout", e.class
end
say "fibre", Fiber.new { |x| y = Fiber.yield(x + 1); y * 2 }.then { |f| [f.resume(1), f.resume(21)] }
say "enumerator", Enumerator.new { |y| a, b = 0, 1; loop { y << a; a, b = b, a + b } }.lazy
    .select(&:even?).first(8)

# Processes, pipes, signals.
reader, writer = IO.pipe
pids = (1..5).map { |n| fork { reader.close; writer.puts n * n; exit! n } }
writer.close
say "pipe", reader.read.split.map(&:to_i).sort
say "statuses", pids.map { |pid| Process.wait2(pid)[1].exitstatus }
out, err, status = Open3.capture3("sh", "-c", "cat; echo oops >&2; exit 7", stdin_data: "through")
say "open3", out, err, status.exitstatus
say "backquote", `echo $((6 * 7))`, $?.success?
say "spawn", Process.wait2(spawn("kill -TERM $$"))[1].termsig
caught = []
trap("USR1") { caught << "usr1" }
trap("CHLD") { caught << "chld" }
Process.kill("USR1", $$)
Process.wait(fork { exit! 0 })
sleep 0.01 until caught.size >= 2
say "signals", caught.sort
trap("CHLD", "DEFAULT")
child = fork { sleep }
Process.kill("STOP", child)
say "stopped", Process.wait2(child, Process::WUNTRACED)[1].stopsig == Signal.list["STOP"]
Process.kill("KILL", child)
say "killed", Process.wait2(child)[1].termsig
PTY.spawn("sh", "-c", "tty | sed 's/[0-9]*$/N/'; read x; stty size; echo got $x") do |r, w, pid|
  r.winsize = [33, 77]
  first = r.gets
  w.puts "words"
  rest = []
  begin
    r.each_line { |line| rest << line }
  rescue Errno::EIO
    rest << :hangup
  end
  say "pty", first, rest
  Process.wait(pid)
end

# Sockets of the Unix family.
path = "/tmp/ruby.sock"
FileUtils.rm_f(path)
server = UNIXServer.new(path)
thread = Thread.new { 20.times { s = server.accept; s.write(s.readline.upcase); s.close } }
say "sockets", (1..20).map { |n| UNIXSocket.open(path) { |s| s.puts "call #{n}"; s.read } }.last
thread.join
a, b = UNIXSocket.pair
File.open("/tmp/sent", "w") { |f| f.write "by descriptor"; f.flush; a.send_io(f) }
b.recv_io.close
say "descriptor", File.read("/tmp/sent")
say "select", IO.select([b], [a], nil, 0).map(&:size)

# Files.
Dir.mktmpdir("ruby") do |dir|
  Dir.chdir(dir) do
    FileUtils.mkdir_p("a/b/c")
    File.write("a/b/f", "line\n" * 1000)
    File.symlink("b/f", "a/l")
    say "glob", Dir.glob("**/*").sort, File.readlink("a/l"), File.size("a/l")
    File.open("a/b/f", "r+") { |f| f.flock(File::LOCK_EX); f.seek(-5, IO::SEEK_END); f.write "LAST" }
    say "seek", File.readlines("a/b/f", chomp: true).last, File.stat("a/b/f").mode.to_s(8)
    IO.copy_stream("a/b/f", "copy")
    say "copy", FileUtils.identical?("a/b/f", "copy")
    FileUtils.mv("copy", "a/moved")
    say "moved", File.exist?("copy"), File.file?("a/moved")
    begin
      File.open("a/none/x")
    rescue SystemCallError => e
      say "errno", e.class, e.errno
    end
  end
end
say "user", Etc.getpwuid.name, Process.uid, SecureRandom.hex(8).size
words = 200_000.times.map { |i| "word#{i}" }
GC.start
say "garbage", words.size, GC.count.positive?
exit 21

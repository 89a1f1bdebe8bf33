# SPDX-License-Identifier: MIT
"""What python3 has for doing things side by side. Prints the same on any number of processors."""
import asyncio
import concurrent.futures
import contextvars
import ctypes
import fcntl
import hashlib
import mmap
import multiprocessing
import os
import queue
import random
import select
import selectors
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from multiprocessing import shared_memory


def cube(n):
    return n * n * n


def burn(n):
    return hashlib.sha256(b"x" * n).hexdigest()[:8]


def producer(out, n):
    for i in range(n):
        out.put(i)


def add_up(counter, lock, n):
    for _ in range(n):
        with lock:
            counter.value += 1


def meet(barrier, out, number):
    barrier.wait()
    out.put(number)


def echo(pipe):
    while (got := pipe.recv()) is not None:
        pipe.send((got, os.getppid() != os.getpid()))


def threads():
    tasks, results, lock = queue.Queue(maxsize=20), [], threading.Lock()

    def worker():
        while (n := tasks.get()) is not None:
            with lock:
                results.append(cube(n))
            tasks.task_done()

    workers = [threading.Thread(target=worker) for _ in range(12)]
    for t in workers:
        t.start()
    for n in range(3000):
        tasks.put(n)
    tasks.join()
    for _ in workers:
        tasks.put(None)
    for t in workers:
        t.join()
    print("queue:", len(results), sum(results))

    turn, said = threading.Condition(), []

    def speak(me):
        for _ in range(50):
            with turn:
                turn.wait_for(lambda: len(said) % 4 == me)
                said.append(me)
                turn.notify_all()

    speakers = [threading.Thread(target=speak, args=(i,)) for i in range(4)]
    for t in speakers:
        t.start()
    for t in speakers:
        t.join()
    print("turns:", said == [0, 1, 2, 3] * 50)

    barrier, local, seen = threading.Barrier(50), threading.local(), []

    def arrive(me):
        local.name = me
        barrier.wait()
        seen.append(local.name)

    crowd = [threading.Thread(target=arrive, args=(i,)) for i in range(50)]
    for t in crowd:
        t.start()
    for t in crowd:
        t.join()
    print("barrier:", sorted(seen) == list(range(50)), threading.active_count())
    fired = threading.Event()
    threading.Timer(0.02, fired.set).start()
    print("timer:", fired.wait(20), threading.Semaphore(2).acquire(timeout=0.01))
    started = time.monotonic()
    print("timeout:", threading.Event().wait(0.05), time.monotonic() - started >= 0.05)


def processes():
    for method in multiprocessing.get_all_start_methods():
        context = multiprocessing.get_context(method)
        with context.Pool(4) as pool:
            print(method, sum(pool.map(cube, range(500))), pool.apply(burn, (1000,)),
                  sorted(pool.imap_unordered(cube, range(5))))
    out = multiprocessing.Queue()
    group = [multiprocessing.Process(target=producer, args=(out, 300)) for _ in range(4)]
    for p in group:
        p.start()
    print("queue:", sum(out.get() for _ in range(1200)))
    for p in group:
        p.join()
    print("ended:", [p.exitcode for p in group])
    counter, lock = multiprocessing.Value("i", 0, lock=False), multiprocessing.Lock()
    group = [multiprocessing.Process(target=add_up, args=(counter, lock, 400)) for _ in range(4)]
    for p in group:
        p.start()
    for p in group:
        p.join()
    print("counter:", counter.value)
    barrier = multiprocessing.Barrier(5)
    group = [multiprocessing.Process(target=meet, args=(barrier, out, i)) for i in range(5)]
    for p in group:
        p.start()
    print("barrier:", sorted(out.get() for _ in group))
    for p in group:
        p.join()
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.Process(target=echo, args=(theirs,))
    child.start()
    for thing in (1, "two", [3.0], {"four": b"5"}, b"6" * 200000):
        ours.send(thing)
        got, other = ours.recv()
        assert got == thing and other
    ours.send(None)
    child.join()
    print("pipe:", child.exitcode)
    block = shared_memory.SharedMemory(create=True, size=1 << 20)
    again = shared_memory.SharedMemory(block.name)
    block.buf[12345] = 77
    print("shared memory:", again.buf[12345], os.listdir("/dev/shm") == [block.name])
    again.close()
    block.close()
    block.unlink()
    with multiprocessing.Manager() as manager:
        table, row = manager.dict(), manager.list([3, 1, 2])
        table["x"] = 5
        row.sort()
        print("manager:", dict(table), list(row))
    child = multiprocessing.Process(target=time.sleep, args=(100,))
    child.start()
    child.terminate()
    child.join()
    print("terminated:", child.exitcode)


def futures():
    with concurrent.futures.ProcessPoolExecutor(3) as pool:
        print("processes:", sum(pool.map(cube, range(400), chunksize=20)),
              pool.submit(burn, 5000).result())
        failing = pool.submit(int, "x")
        print("failure:", type(failing.exception()).__name__)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        jobs = {pool.submit(cube, n): n for n in range(200)}
        print("threads:", all(job.result() == cube(jobs[job])
                              for job in concurrent.futures.as_completed(jobs)))
        slow = pool.submit(time.sleep, 0.2)
        done, rest = concurrent.futures.wait([slow], timeout=0.01)
        print("wait:", len(done), len(rest))


async def asynchronous():
    number = contextvars.ContextVar("number", default=0)

    async def nap(n):
        number.set(n)
        await asyncio.sleep(0.001 * (n % 20))
        return number.get()

    print("gather:", sum(await asyncio.gather(*(nap(n) for n in range(500)))))
    process = await asyncio.create_subprocess_exec("tr", "a-z", "A-Z", stdin=-1, stdout=-1)
    print("subprocess:", (await process.communicate(b"hello\n"))[0], process.returncode)

    async def serve(reader, writer):
        while line := await reader.readline():
            writer.write(line[::-1].strip() + b"\n")
        writer.close()

    server = await asyncio.start_unix_server(serve, "/tmp/socket")

    async def ask(n):
        reader, writer = await asyncio.open_unix_connection("/tmp/socket")
        writer.write(b"%d\n" % (n + 100))
        answer = await reader.readline()
        writer.close()
        return int(answer)

    print("server:", sum(await asyncio.gather(*(ask(n) for n in range(50)))))
    server.close()
    try:
        await asyncio.wait_for(asyncio.sleep(10), 0.02)
    except asyncio.TimeoutError:
        print("timed out")
    loop = asyncio.get_running_loop()
    got = loop.create_future()
    loop.add_signal_handler(signal.SIGUSR1, got.set_result, "usr1")
    os.kill(os.getpid(), signal.SIGUSR1)
    print("signal:", await got, await loop.run_in_executor(None, cube, 3))


def children():
    done = subprocess.run(["sh", "-c", "cat; echo err >&2; exit 5"], input=b"in", check=False,
                          capture_output=True)
    print(done.returncode, done.stdout, done.stderr)
    try:
        subprocess.run(["sleep", "10"], timeout=0.05, check=False)
    except subprocess.TimeoutExpired:
        print("timeout expired")
    first = subprocess.Popen(["seq", "1", "20000"], stdout=subprocess.PIPE)
    second = subprocess.run(["sha256sum"], stdin=first.stdout, capture_output=True, check=True)
    print(second.stdout[:16], first.wait())
    print(subprocess.run("kill -9 $$", shell=True, check=False).returncode)
    running = [subprocess.Popen(["true"]) for _ in range(20)]
    print("true:", [p.wait() for p in running] == [0] * 20)
    try:
        subprocess.run(["/nonexistent"], check=False)
    except FileNotFoundError as error:
        print(error.errno, error.filename)
    print(subprocess.run(["cat", "/proc/self/stat"], preexec_fn=os.setsid, check=True,
                         stdout=subprocess.PIPE).stdout.split()[1])


def signals():
    seen = []
    signal.signal(signal.SIGALRM, lambda number, frame: seen.append(number))
    signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
    while len(seen) < 5:
        signal.pause()
    signal.setitimer(signal.ITIMER_REAL, 0)
    print("alarms:", seen[:5])
    reader, writer = os.pipe2(os.O_NONBLOCK)
    signal.set_wakeup_fd(writer)
    signal.raise_signal(signal.SIGALRM)
    print("wake-up:", os.read(reader, 10) == bytes([signal.SIGALRM]))
    signal.set_wakeup_fd(-1)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
    threading.Timer(0.02, os.kill, (os.getpid(), signal.SIGUSR2)).start()
    print("sigwait:", signal.sigwait([signal.SIGUSR2]).name)
    print("none:", signal.sigtimedwait([signal.SIGUSR2], 0.01))
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt:
        print("interrupted")


def files():
    with tempfile.TemporaryFile() as file:
        file.truncate(1 << 16)
        with mmap.mmap(file.fileno(), 0) as area:
            area[1000:1005] = b"hello"
            if os.fork() == 0:
                area[2000:2003] = b"kid"
                os._exit(0)
            print("mapped:", os.wait()[1], area[2000:2003], area.find(b"hello"))
        fcntl.flock(file, fcntl.LOCK_EX)
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    left, right = socket.socketpair()
    with selectors.DefaultSelector() as selector:
        selector.register(right, selectors.EVENT_READ, "right")
        print("idle:", selector.select(0.01))
        left.send(b"x")
        print("ready:", [key.data for key, _ in selector.select(10)], type(selector).__name__)
    poll = select.poll()
    poll.register(right, select.POLLIN | select.POLLOUT)
    print("poll:", [flags for _, flags in poll.poll(1000)], select.select([right], [], [], 1)[0]
          == [right])
    socket.send_fds(left, [b"fd"], [sys.stdout.fileno()])
    print("descriptor:", len(socket.recv_fds(right, 10, 1)[1]))
    base = sqlite3.connect("/tmp/base.db")
    base.execute("create table t (a integer primary key, b text)")
    base.executemany("insert into t values (?, ?)", ((n, burn(n)) for n in range(500)))
    base.commit()
    print("sqlite:", base.execute("select count(*), max(b), sum(a) from t").fetchone())
    libc = ctypes.CDLL(None)
    compare = ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.POINTER(ctypes.c_int)] * 2)
    numbers = (ctypes.c_int * 5)(5, 1, 4, 2, 3)
    libc.qsort(numbers, 5, 4, compare(lambda a, b: a[0] - b[0]))
    print("call-back:", list(numbers))


def main():
    if len(sys.argv) > 1:
        print(os.cpu_count(), len(os.sched_getaffinity(0)))
        return
    random.seed(3)
    threads()
    processes()
    futures()
    asyncio.run(asynchronous())
    children()
    signals()
    files()
    sys.exit(6)


if __name__ == "__main__":
    main()

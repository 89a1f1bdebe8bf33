// SPDX-License-Identifier: MIT
// Java at work: threads, pools, locks, processes, files, channels, watches, faults, collections.
import java.io.*;
import java.math.BigInteger;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.security.MessageDigest;
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;
import java.util.stream.*;
import java.util.zip.*;

public class Work {
	static void say(String what, Object... values) {
		System.out.println(what + ": " + Arrays.deepToString(values));
	}

	static int fib(int n) {
		return n < 2 ? n : fib(n - 1) + fib(n - 2);
	}

	static int deep(int n) {
		return deep(n + 1) + 1;
	}

	static void threads() throws Exception {
		AtomicLong sum = new AtomicLong();
		int[] plain = new int[1];
		Object lock = new Object();
		List<Thread> all = new ArrayList<>();
		for (int t = 0; t < 8; t++) {
			int n = t;
			Thread thread = new Thread(() -> {
				for (int i = 0; i < 1000; i++) {
					sum.addAndGet(n);
					synchronized (lock) {
						plain[0]++;
					}
				}
			});
			thread.start();
			all.add(thread);
		}
		for (Thread t : all)
			t.join();
		say("threads", sum, plain[0]);
		ExecutorService pool = Executors.newFixedThreadPool(4);
		List<Future<Integer>> futures = new ArrayList<>();
		for (int i = 10; i < 20; i++) {
			int n = i;
			futures.add(pool.submit(() -> fib(n)));
		}
		List<Integer> got = new ArrayList<>();
		for (Future<Integer> f : futures)
			got.add(f.get());
		pool.shutdown();
		say("pool", got, pool.awaitTermination(10, TimeUnit.SECONDS));
		say("streams", IntStream.rangeClosed(1, 100000).parallel().filter(i -> i % 7 == 0).count(),
		    ForkJoinPool.commonPool().submit(() -> IntStream.range(0, 1000).parallel().sum()).get());
		BlockingQueue<Integer> queue = new ArrayBlockingQueue<>(4);
		Thread producer = new Thread(() -> {
			try {
				for (int i = 0; i <= 500; i++)
					queue.put(i < 500 ? i : -1);
			} catch (InterruptedException e) {
				throw new RuntimeException(e);
			}
		});
		producer.start();
		int total = 0;
		for (int i; (i = queue.take()) >= 0;)
			total += i;
		say("queue", total);
		Thread sleeper = new Thread(() -> {
			try {
				Thread.sleep(100000);
			} catch (InterruptedException e) {
				say("interrupted", Thread.currentThread().isInterrupted());
			}
		});
		sleeper.start();
		sleeper.interrupt();
		sleeper.join();
		ScheduledExecutorService clock = Executors.newScheduledThreadPool(1);
		say("scheduled", clock.schedule(() -> "done", 20, TimeUnit.MILLISECONDS).get());
		clock.shutdownNow();
		CompletableFuture<Integer> answer = CompletableFuture.supplyAsync(() -> 6).thenApplyAsync(x -> x * 7);
		say("future", answer.get());
	}

	static void processes() throws Exception {
		Process p = new ProcessBuilder("sh", "-c", "cat; echo oops >&2; exit 7").start();
		p.getOutputStream().write("through".getBytes());
		p.getOutputStream().close();
		say("process", new String(p.getInputStream().readAllBytes()),
		    new String(p.getErrorStream().readAllBytes()), p.waitFor());
		Process killed = new ProcessBuilder("sleep", "100").start();
		killed.destroyForcibly();
		say("killed", killed.waitFor(), killed.isAlive());
		try {
			new ProcessBuilder("/no/such/program").start();
		} catch (IOException e) {
			say("missing", e.getMessage());
		}
		List<Process> many = new ArrayList<>();
		for (int i = 0; i < 10; i++)
			many.add(new ProcessBuilder("sh", "-c", "exit " + i).start());
		List<Integer> statuses = new ArrayList<>();
		for (Process one : many)
			statuses.add(one.waitFor());
		say("many", statuses, ProcessHandle.current().isAlive());
	}

	static void files() throws Exception {
		Path folder = Files.createTempDirectory("java");
		Path file = folder.resolve("file");
		Files.write(file, Collections.nCopies(10000, "line"));
		try (Stream<String> lines = Files.lines(file)) {
			say("lines", lines.count(), Files.size(file));
		}
		try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
			MappedByteBuffer map = channel.map(FileChannel.MapMode.READ_WRITE, 0, 100);
			map.put(0, (byte)'L');
			map.force();
			try (FileLock held = channel.lock(0, 10, false)) {
				say("locked", held.isValid());
			}
		}
		try (RandomAccessFile random = new RandomAccessFile(file.toFile(), "rw")) {
			say("mapped", random.readLine());
			random.setLength(7);
		}
		Files.createSymbolicLink(folder.resolve("link"), Path.of("file"));
		Files.createDirectories(folder.resolve("a/b/c"));
		Files.move(file, folder.resolve("a/moved"), StandardCopyOption.ATOMIC_MOVE);
		try (Stream<Path> tree = Files.walk(folder)) {
			say("tree", tree.map(p -> folder.relativize(p).toString()).sorted().collect(Collectors.toList()),
			    Files.isSymbolicLink(folder.resolve("link")), Files.exists(folder.resolve("link")));
		}
		WatchService watch = folder.getFileSystem().newWatchService();
		folder.register(watch, StandardWatchEventKinds.ENTRY_CREATE);
		Files.createFile(folder.resolve("new"));
		WatchEvent<?> event = watch.poll(30, TimeUnit.SECONDS).pollEvents().get(0);
		say("watch", event.kind(), event.context());
		watch.close();
		try {
			Files.readString(folder.resolve("none"));
		} catch (NoSuchFileException e) {
			say("none", folder.relativize(Path.of(e.getMessage())));
		}
		ByteArrayOutputStream packed = new ByteArrayOutputStream();
		try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
			gzip.write("text ".repeat(20000).getBytes());
		}
		say("gzip", new GZIPInputStream(new ByteArrayInputStream(packed.toByteArray())).readAllBytes().length);
	}

	static void sockets() throws Exception {
		UnixDomainSocketAddress where = UnixDomainSocketAddress.of("/tmp/java.sock");
		Files.deleteIfExists(where.getPath());
		try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
			server.bind(where);
			Thread thread = new Thread(() -> {
				try (SocketChannel client = SocketChannel.open(where)) {
					client.write(ByteBuffer.wrap("over a socket".getBytes()));
				} catch (IOException e) {
					throw new UncheckedIOException(e);
				}
			});
			thread.start();
			try (SocketChannel met = server.accept()) {
				ByteBuffer buffer = ByteBuffer.allocate(100);
				while (met.read(buffer) >= 0)
					continue;
				say("socket", StandardCharsets.UTF_8.decode(buffer.flip()));
			}
			thread.join();
		}
		Pipe pipe = Pipe.open();
		Selector selector = Selector.open();
		pipe.source().configureBlocking(false);
		pipe.source().register(selector, SelectionKey.OP_READ);
		say("selector", selector.selectNow());
		pipe.sink().write(ByteBuffer.wrap(new byte[10]));
		say("selector", selector.select(10000));
	}

	static void faults() {
		try {
			deep(0);
		} catch (StackOverflowError e) {
			say("overflow", e.getMessage());
		}
		String[] none = new String[1];
		int caught = 0;
		for (int i = 0; i < 20000; i++) {
			try {
				caught += none[0].length();
			} catch (NullPointerException e) {
				caught++;
			}
		}
		say("nulls", caught);
		try {
			long[][] all = new long[10000][];
			for (int i = 0; i < all.length; i++)
				all[i] = new long[10_000_000];
		} catch (OutOfMemoryError e) {
			say("heap", e.getMessage());
		}
	}

	public static void main(String[] words) throws Exception {
		say("fib", fib(30), BigInteger.TWO.pow(521).subtract(BigInteger.ONE).isProbablePrime(20));
		say("hash", HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest("x".repeat(1000000).getBytes())));
		Map<String, Integer> counts = new TreeMap<>();
		for (String w : "the cat and the dog and the bird".split(" "))
			counts.merge(w, 1, Integer::sum);
		say("counts", counts);
		threads();
		processes();
		files();
		sockets();
		faults();
		for (int i = 0; i < 200; i++)
			new ArrayList<>(Collections.nCopies(100000, i));
		System.gc();
		Runtime.getRuntime().addShutdownHook(new Thread(() -> say("hook")));
		System.exit(24);
	}
}

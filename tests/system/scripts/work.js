// SPDX-License-Identifier: MIT
// Node.js at work: the event loop, worker threads, child processes, files, sockets, signals.
'use strict';
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const { once } = require('events');
const assert = require('assert');
const child = require('child_process');
const crypto = require('crypto');
const fs = require('fs');
const net = require('net');
const os = require('os');
const path = require('path');
const { pipeline } = require('stream/promises');
const readline = require('readline');
const timers = require('timers/promises');
const zlib = require('zlib');

function say(what, ...values) {
	console.log(what + ': ' + JSON.stringify(values));
}

function primes(below) {
	const sieve = new Uint8Array(below);
	let count = 0;
	for (let i = 2; i < below; i++) {
		if (sieve[i])
			continue;
		count++;
		for (let j = 2 * i; j < below; j += i)
			sieve[j] = 1;
	}
	return count;
}

async function workers() {
	const shared = new SharedArrayBuffer(8);
	const cells = new Int32Array(shared);
	const all = [...Array(4).keys()].map((n) => new Worker(__filename, { workerData: { n, shared } }));
	const got = await Promise.all(all.map((w) => once(w, 'message')));
	await Promise.all(all.map((w) => w.terminate()));
	say('workers', got.map(([m]) => m), cells[0]);
	const spare = new Int32Array(new SharedArrayBuffer(4));
	say('atomics', Atomics.wait(spare, 0, 0, 50), Atomics.wait(spare, 0, 1));
}

async function processes() {
	const done = child.spawnSync('sh', ['-c', 'cat; echo oops >&2; exit 7'], { input: 'through' });
	say('spawnSync', done.stdout.toString(), done.stderr.toString(), done.status);
	const cat = child.spawn('sort', ['-n']);
	for (const n of [30, 4, 100, 1])
		cat.stdin.write(n + '\n');
	cat.stdin.end();
	let text = '';
	for await (const chunk of cat.stdout)
		text += chunk;
	say('spawn', text);
	const sleeper = child.spawn('sleep', ['100']);
	sleeper.kill('SIGTERM');
	say('killed', await once(sleeper, 'exit'));
	const forked = child.fork(__filename, ['forked']);
	forked.send({ question: 6 });
	say('fork', (await once(forked, 'message'))[0], (await once(forked, 'exit'))[0]);
	const many = await Promise.all([...Array(20).keys()].map((n) => new Promise((resolve) =>
		child.execFile('expr', [n, '*', n], (error, out) => resolve(out.trim())))));
	say('many', many);
	const failed = child.spawnSync('/no/such/program');
	say('missing', failed.error.code);
}

async function files(folder) {
	const name = path.join(folder, 'file');
	await fs.promises.writeFile(name, 'line\n'.repeat(100000));
	let lines = 0;
	for await (const line of readline.createInterface({ input: fs.createReadStream(name) }))
		lines += line === 'line';
	const watcher = fs.watch(folder);
	const seen = once(watcher, 'change');
	fs.writeFileSync(path.join(folder, 'new'), 'x');
	say('files', lines, await seen);
	watcher.close();
	await pipeline(fs.createReadStream(name), zlib.createGzip(), fs.createWriteStream(name + '.gz'));
	say('gzip', zlib.gunzipSync(fs.readFileSync(name + '.gz')).length);
	fs.mkdirSync(path.join(folder, 'a/b'), { recursive: true });
	fs.cpSync(name, path.join(folder, 'a/b/copy'));
	fs.symlinkSync('a/b', path.join(folder, 'link'));
	fs.truncateSync(path.join(folder, 'link/copy'), 7);
	say('tree', fs.readdirSync(folder).sort(), fs.readFileSync(path.join(folder, 'a/b/copy'), 'utf8'),
		fs.lstatSync(path.join(folder, 'link')).isSymbolicLink());
	say('error', await fs.promises.readFile('/none').catch((e) => [e.code, e.errno, e.syscall]));
	fs.rmSync(folder, { recursive: true });
	say('gone', fs.existsSync(folder));
}

async function sockets() {
	const server = net.createServer((s) => s.on('data', (d) => s.end(d.toString().toUpperCase())));
	server.listen('/tmp/node.sock');
	await once(server, 'listening');
	const answers = await Promise.all([...Array(50).keys()].map(async (n) => {
		const socket = net.connect('/tmp/node.sock', () => socket.write('call ' + n));
		return (await once(socket, 'data')).toString();
	}));
	say('sockets', answers.length, answers[49]);
	server.close();
	await once(server, 'close');
}

async function main() {
	assert.strictEqual(os.platform(), 'linux');
	say('bigint', String(2n ** 521n - 1n).length, primes(200000));
	say('hash', crypto.createHash('sha256').update('x'.repeat(1e6)).digest('hex'),
		crypto.pbkdf2Sync('word', 'salt', 1000, 16, 'sha1').toString('hex'),
		crypto.randomBytes(16).length);
	const order = [];
	setImmediate(() => order.push('immediate'));
	process.nextTick(() => order.push('tick'));
	await null;
	order.push('promise');
	await timers.setTimeout(20);
	order.push('timer');
	say('loop', order);
	await workers();
	await processes();
	await files(fs.mkdtempSync('/tmp/node'));
	await sockets();
	const signal = once(process, 'SIGUSR2');
	const awake = setInterval(() => {}, 1000);
	process.kill(process.pid, 'SIGUSR2');
	say('signal', await signal);
	clearInterval(awake);
	let rows = [];
	for (let i = 0; i < 300000; i++)
		rows.push({ i, text: 'row ' + i });
	say('heap', rows.filter((r) => r.text.endsWith('99')).length);
	rows = null;
	const wasm = new WebAssembly.Module(Uint8Array.from([0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 2,
		127, 127, 1, 127, 3, 2, 1, 0, 7, 7, 1, 3, 97, 100, 100, 0, 0, 10, 9, 1, 7, 0, 32, 0, 32, 1,
		106, 11]));
	say('wasm', new WebAssembly.Instance(wasm).exports.add(40, 2));
	process.exitCode = 23;
}

if (!isMainThread) {
	Atomics.add(new Int32Array(workerData.shared), 0, workerData.n);
	parentPort.postMessage([workerData.n, primes(50000 * (workerData.n + 1))]);
} else if (process.argv[2] === 'forked') {
	process.once('message', (m) => process.send(m.question * 7, () => process.exit(5)));
} else {
	main();
}

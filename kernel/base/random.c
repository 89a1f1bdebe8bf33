/* SPDX-License-Identifier: MIT */
/*
 * base/random.c: a generator with fast key erasure above an entropy pool, both
 * built from the ChaCha20 block function.
 *
 * The pool is one 256-bit key. Input is taken 32 bytes at a time: xor it in,
 * run the block function over it, keep half of the result. Who does not know
 * the key learns nothing by choosing input, and input with entropy makes it
 * unknown again to somebody who did.
 *
 * Each processor has a key of its own, drawn from the pool whenever the pool's
 * generation has moved on. A request runs the block function once: half of the
 * block becomes the next key at once (what was given out cannot be computed
 * afterwards), the other half is the answer, or for a longer one the key of a
 * stream that is forgotten at the end. What a short answer leaves over is kept
 * for the next ones, and wiped as it is given out.
 *
 * Locks: pool.lock guards the pool. A processor's key is its owner's, touched
 * with interrupts off, since handlers may ask for numbers too.
 */
#include "base/random.h"
#include "base/percpu.h"
#include "base/spinlock.h"
#include "hal/clock.h"
#include "lib/chacha.h"
#include "lib/string.h"

#define RESEED_INTERVAL (60 * NSEC_PER_SEC)

struct random_key {
	uint8_t bytes[CHACHA_KEY_SIZE];
};

static struct {
	struct spinlock lock;
	struct random_key key;  /* lock */
	uint64_t generation;    /* lock; atomic for a look without it. 0: never seeded */
	nsec_t reseed_at;       /* lock; atomic for a look without it */
} pool = { .lock = SPINLOCK_INIT(RANK_RANDOM) };

struct random_cpu {
	struct random_key key;   /* owner, interrupts off */
	struct random_key rest;  /* owner: its last rest_bytes are not given out yet */
	uint32_t rest_bytes;     /* owner */
	uint64_t generation;     /* owner: the pool's when key was drawn */
	uint64_t events[4];      /* owner: noise not stirred in yet */
	uint32_t event_count;    /* owner */
};
static PERCPU(struct random_cpu, random_cpu);

/* The block that key makes, of which the first half replaces key. out gets the second. */
static void key_step(struct random_key *key, struct random_key *out)
{
	static const uint8_t nonce[CHACHA_NONCE_SIZE];
	uint8_t block[CHACHA_BLOCK_SIZE];
	struct chacha c;

	chacha_init(&c, key->bytes, 0, nonce);
	chacha_block(&c, block);
	memcpy(key->bytes, block, sizeof(key->bytes));
	if (out)
		memcpy(out->bytes, block + sizeof(key->bytes), sizeof(out->bytes));
}

static void pool_stir(const void *data, size_t n)
{
	const uint8_t *p = data;

	assert_held(&pool.lock);
	for (size_t done = 0; done < n; done += CHACHA_KEY_SIZE) {
		size_t step = min(n - done, (size_t)CHACHA_KEY_SIZE);

		for (size_t i = 0; i < step; i++)
			pool.key.bytes[i] ^= p[done + i];
		key_step(&pool.key, NULL);
	}
	atomic_store_release(&pool.generation, pool.generation + 1);
}

/* From the processor's generator if it has one; always some timing noise. */
static void pool_reseed(void)
{
	uint64_t seed[4] = { 0 };
	bool hardware = true;
	unsigned rounds;

	assert_held(&pool.lock);
	for (unsigned i = 0; i < ARRAY_SIZE(seed); i++)
		hardware &= cpu_random(&seed[i]);
	rounds = hardware ? 4 : 64;
	for (unsigned i = 0; i < rounds; i++)
		seed[i % 4] ^= (seed[(i + 1) % 4] << 7) + cpu_jitter();
	pool_stir(seed, sizeof(seed));
	seed[0] = cpu_cycles();
	seed[1] = (uint64_t)clock_wall();
	pool_stir(seed, sizeof(seed));
	atomic_store(&pool.reseed_at, clock_now() + RESEED_INTERVAL);
}

/* Makes sure that this processor's key descends from the pool as it is now. Interrupts off. */
static void key_refresh(struct random_cpu *r)
{
	bool due = atomic_load_acquire(&pool.generation) == 0 ||
		   clock_now() >= atomic_load(&pool.reseed_at);

	if (likely(!due && r->generation == atomic_load_acquire(&pool.generation)))
		return;
	SPIN_GUARD(&pool.lock);
	if (pool.generation == 0 || clock_now() >= pool.reseed_at)
		pool_reseed();
	key_step(&pool.key, &r->key);
	r->rest_bytes = 0;
	r->generation = pool.generation;
}

/* At most CHACHA_KEY_SIZE bytes. Interrupts off. */
static void take_short(struct random_cpu *r, void *buf, uint32_t n)
{
	uint8_t *from;

	if (r->rest_bytes < n) {
		key_step(&r->key, &r->rest);
		r->rest_bytes = sizeof(r->rest);
	}
	from = r->rest.bytes + sizeof(r->rest) - r->rest_bytes;
	memcpy(buf, from, n);
	memset(from, 0, n);
	r->rest_bytes -= n;
}

void random_bytes(void *buf, size_t n)
{
	static const uint8_t nonce[CHACHA_NONCE_SIZE];
	uint8_t block[CHACHA_BLOCK_SIZE];
	struct random_key once;
	struct random_cpu *r;
	struct chacha stream;
	uint8_t *p = buf;
	uint64_t irq = irq_save();

	r = cpu_local_ptr(random_cpu);
	key_refresh(r);
	if (n <= CHACHA_KEY_SIZE) {
		take_short(r, buf, (uint32_t)n);
		irq_restore(irq);
		return;
	}
	key_step(&r->key, &once);
	irq_restore(irq);
	chacha_init(&stream, once.bytes, 0, nonce);
	for (; n >= sizeof(block); n -= sizeof(block), p += sizeof(block))
		chacha_block(&stream, p);
	if (n) {
		chacha_block(&stream, block);
		memcpy(p, block, n);
	}
}

uint64_t random_u64(void)
{
	uint64_t value;

	random_bytes(&value, sizeof(value));
	return value;
}

void random_mix(const void *data, size_t n)
{
	uint64_t irq = spin_lock_irq(&pool.lock);

	if (pool.generation == 0)
		pool_reseed();
	pool_stir(data, n);
	spin_unlock_irq(&pool.lock, irq);
}

void random_event(uint64_t value)
{
	struct random_cpu *r = cpu_local_ptr(random_cpu);
	uint64_t *e = &r->events[r->event_count % ARRAY_SIZE(r->events)];

	*e = (*e << 19 | *e >> 45) ^ cpu_cycles() ^ value << 32;
	if (++r->event_count % 64 == 0)
		random_mix(r->events, sizeof(r->events));
}

/* SPDX-License-Identifier: MIT */
/*
 * dev/virtqueue against a device made of the specification's text: it reads what is available,
 * checks every chain, gives chains back in any order, and holds notifications to what each
 * side asked for.
 */
#include "unit.h"

#include "dev/virtqueue.c"
#include "lib/string.h"

#define SIZE   16u
#define CHAINS 40u

struct chain {
	struct virtqueue_segment segments[4];
	unsigned out, in;
	struct vring_desc table[4];
	bool with_device;
};

static struct virtqueue queue;
static void *tokens[SIZE];
static struct chain chains[CHAINS];
static void *memory;

/* The device: what it has seen and not yet given back. */
static struct { uint16_t seen, used; uint16_t heads[SIZE]; unsigned held; } device;

static void start(bool event_index)
{
	size_t n = virtqueue_bytes(SIZE);

	memory = aligned_alloc(16, (n + 15) & ~15ul);
	memset(memory, 0, n);
	memset(&device, 0, sizeof(device));
	memset(chains, 0, sizeof(chains));
	virtqueue_init(&queue, SIZE, event_index, memory, tokens);
}

static void check_segment(const struct vring_desc *d, const struct chain *c, unsigned i)
{
	assert_true(i < c->out + c->in);
	assert_int_equal(d->addr, c->segments[i].address);
	assert_int_equal(d->len, c->segments[i].length);
	assert_int_equal(!!(d->flags & VRING_DESC_F_WRITE), i >= c->out);
	assert_int_equal(!!(d->flags & VRING_DESC_F_NEXT), i + 1 < c->out + c->in);
}

/* The device walks the chain as 2.6.5 says. */
static void check_chain(uint16_t head)
{
	const struct chain *c = tokens[head];
	const struct vring_desc *d = &queue.descriptors[head];
	unsigned i = 0;

	assert_non_null(c);
	if (d->flags & VRING_DESC_F_INDIRECT) {
		assert_int_equal(d->len, (c->out + c->in) * sizeof(*d));
		for (; i < c->out + c->in; i++)
			check_segment(&c->table[i], c, i);
		return;
	}
	for (;; d = &queue.descriptors[d->next]) {
		check_segment(d, c, i++);
		if (!(d->flags & VRING_DESC_F_NEXT))
			break;
		assert_true(d->next < SIZE);
	}
	assert_int_equal(i, c->out + c->in);
}

static void device_look(void)
{
	while (device.seen != queue.available->idx) {
		uint16_t head = queue.available->ring[device.seen++ % SIZE];

		check_chain(head);
		assert_true(device.held < SIZE);
		device.heads[device.held++] = head;
	}
}

/* Gives back a chain of its choice; true if the driver wanted to be interrupted for it. */
static bool device_finish(void)
{
	unsigned which = (unsigned)unit_random_below(device.held);
	uint16_t head = device.heads[which], before = device.used;

	device.heads[which] = device.heads[--device.held];
	queue.used->ring[device.used % SIZE] = (struct vring_used_elem){ .id = head, .len = head + 1000u };
	queue.used->idx = ++device.used;
	if (queue.event_index)
		return vring_need_event(*used_event(&queue), device.used, before);
	return !(queue.available->flags & VRING_AVAIL_F_NO_INTERRUPT);
}

static bool add_one(bool indirect)
{
	struct chain *c = chains;
	int error;

	while (c->with_device)
		c++;
	do {
		c->out = (unsigned)unit_random_below(3);
		c->in = (unsigned)unit_random_below(3);
	} while (!(c->out + c->in));
	for (unsigned i = 0; i < c->out + c->in; i++)
		c->segments[i] = (struct virtqueue_segment){ unit_random(), (uint32_t)unit_random() };
	error = indirect ? virtqueue_add_indirect(&queue, c->table, c->segments, c->out, c->in, c) :
			   virtqueue_add(&queue, c->segments, c->out, c->in, c);
	assert_true(error == 0 || error == -ENOSPC);
	c->with_device = !error;
	return !error;
}

static unsigned take_all(void)
{
	uint32_t written;
	unsigned n = 0;
	struct chain *c;

	while ((c = virtqueue_take(&queue, &written)) != NULL) {
		assert_true(c >= chains && c < chains + CHAINS && c->with_device);
		assert_true(written >= 1000 && written < 1000 + SIZE);
		c->with_device = false;
		n++;
	}
	return n;
}

static void run(bool event_index)
{
	unsigned with_device = 0;

	start(event_index);
	for (int round = 0; round < 200000; round++) {
		switch (unit_random_below(4)) {
		case 0:
			with_device += add_one(unit_random_below(2));
			break;
		case 1:
			virtqueue_kick(&queue);
			device_look();
			break;
		case 2:
			if (device.held)
				device_finish();
			break;
		default:
			with_device -= take_all();
		}
		assert_true(with_device <= SIZE);
	}
	virtqueue_kick(&queue);
	device_look();
	while (device.held)
		device_finish();
	assert_int_equal(take_all(), with_device);
	assert_int_equal(queue.free_count, SIZE);
	free(memory);
}

static void test_any_order(void **state)
{
	unit_random_start("virtqueue");
	run(false);
	run(true);
}

static void test_full(void **state)
{
	unsigned n = 0;

	start(false);
	while (virtqueue_add(&queue, (struct virtqueue_segment[2]){ { 1, 1 }, { 2, 2 } }, 1, 1, &chains[n]) == 0) {
		chains[n].out = chains[n].in = 1;
		n++;
	}
	assert_int_equal(n, SIZE / 2);
	free(memory);
}

/* A device that is awake need not be told; one that went to sleep must be. */
static void test_when_to_notify(void **state)
{
	start(true);
	*available_event(&queue) = 0;
	add_one(false);
	assert_true(virtqueue_kick(&queue));
	assert_false(virtqueue_kick(&queue)); /* nothing new */
	add_one(false);
	assert_false(virtqueue_kick(&queue)); /* it has not asked for the second */
	*available_event(&queue) = 2;
	add_one(false);
	assert_true(virtqueue_kick(&queue));
	free(memory);
	start(false);
	queue.used->flags = VRING_USED_F_NO_NOTIFY;
	add_one(false);
	assert_false(virtqueue_kick(&queue));
	queue.used->flags = 0;
	add_one(false);
	assert_true(virtqueue_kick(&queue));
	free(memory);
}

/* What comes between the last look and asking to be told is not missed. */
static void test_when_to_listen(void **state)
{
	for (int event_index = 0; event_index < 2; event_index++) {
		start(event_index);
		add_one(false);
		add_one(false);
		virtqueue_kick(&queue);
		device_look();
		virtqueue_quiet(&queue);
		device_finish();
		assert_int_equal(take_all(), 1);
		assert_true(virtqueue_listen(&queue));
		assert_true(device_finish());
		assert_false(virtqueue_listen(&queue));
		assert_int_equal(take_all(), 1);
		assert_true(virtqueue_listen(&queue));
		free(memory);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_order),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_when_to_notify),
		cmocka_unit_test(test_when_to_listen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

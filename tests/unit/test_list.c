/* SPDX-License-Identifier: MIT */
/* lib/list, lib/atomic, lib/refcount, lib/hash, lib/types: the inlines. */
#include "unit.h"

#include "lib/atomic.h"
#include "lib/errno.h"
#include "lib/hash.h"
#include "lib/list.h"
#include "lib/refcount.h"
#include "lib/ring.h"

struct thing {
	int n;
	struct list link;
	struct hlist_node hash;
};

static void check_list(struct list *head, const char *want)
{
	struct list *prev = head, *e;

	list_for_each(e, head) {
		assert_ptr_equal(e->prev, prev);
		assert_int_equal(list_entry(e, struct thing, link)->n, *want++);
		prev = e;
	}
	assert_ptr_equal(head->prev, prev);
	assert_int_equal(*want, 0);
}

static void test_list(void **state)
{
	struct list head = LIST_INIT(head), other = LIST_INIT(other);
	struct thing t[5], *pos, *n;
	int sum = 0;

	for (int i = 0; i < 5; i++)
		t[i].n = 'a' + i;
	assert_true(list_empty(&head));
	assert_null(list_first(&head));
	list_add_tail(&t[1].link, &head);
	assert_true(list_is_singular(&head));
	list_add_tail(&t[2].link, &head);
	list_add_head(&t[0].link, &head);
	check_list(&head, "abc");
	list_splice_tail(&other, &head);
	list_add_tail(&t[3].link, &other);
	list_add_tail(&t[4].link, &other);
	list_splice_tail(&other, &head);
	assert_true(list_empty(&other));
	check_list(&head, "abcde");
	list_move_head(&t[4].link, &head);
	list_move_tail(&t[0].link, &head);
	check_list(&head, "ebcda");
	list_for_each_entry_reverse(pos, &head, link)
		sum = sum * 2 + pos->n - 'a';
	assert_int_equal(sum, 0 * 16 + 3 * 8 + 2 * 4 + 1 * 2 + 4);
	list_for_each_entry_safe(pos, n, &head, link)
		if (pos->n % 2)
			list_del(&pos->link);
	check_list(&head, "bd");
	assert_ptr_equal(t[0].link.next, LIST_POISON_NEXT);
	assert_ptr_equal(list_pop_first(&head), &t[1].link);
	assert_true(list_empty(&t[1].link));
	list_del_rcu(&t[3].link);
	assert_ptr_equal(t[3].link.next, &head);
	assert_true(list_empty(&head));
}

static void test_hlist(void **state)
{
	struct hlist h = { NULL };
	struct hlist_node *next;
	struct thing t[4], *pos;
	int sum = 0;

	for (int i = 0; i < 4; i++) {
		t[i].n = 1 << i;
		hlist_node_init(&t[i].hash);
		assert_true(hlist_unhashed(&t[i].hash));
		hlist_add_head(&t[i].hash, &h);
	}
	hlist_del(&t[1].hash);
	hlist_del(&t[1].hash);
	assert_ptr_equal(t[1].hash.next, &t[0].hash); /* a reader there goes on */
	hlist_for_each_entry(pos, &h, hash)
		sum += pos->n;
	assert_int_equal(sum, 1 + 4 + 8);
	hlist_for_each_entry_safe(pos, next, &h, hash)
		hlist_del(&pos->hash);
	assert_true(hlist_empty(&h));
}

static void test_atomic(void **state)
{
	uint32_t v = 5, old = 4;

	assert_false(atomic_compare_exchange(&v, &old, 9));
	assert_int_equal(old, 5);
	assert_true(atomic_compare_exchange(&v, &old, 9));
	assert_int_equal(atomic_add_return(&v, 3), 12);
	assert_int_equal(atomic_fetch_or(&v, 1), 12);
	assert_int_equal(atomic_and_return(&v, 5), 5);
	assert_int_equal(atomic_exchange(&v, 1), 5);
	assert_true(atomic_inc_unless_zero(&v));
	assert_false(atomic_dec_and_test(&v));
	assert_true(atomic_dec_and_test(&v));
	assert_false(atomic_inc_unless_zero(&v));
	assert_int_equal(v, 0);
}

static void test_refcount(void **state)
{
	struct refcount r;

	refcount_init(&r, 1);
	refcount_get(&r);
	assert_true(refcount_get_unless_zero(&r));
	assert_int_equal(refcount_read(&r), 3);
	assert_false(refcount_put(&r));
	assert_false(refcount_put(&r));
	assert_true(refcount_put(&r));
	assert_false(refcount_get_unless_zero(&r));
	refcount_get(&r); /* from zero: sticks */
	assert_true(refcount_is_saturated(&r));
	assert_false(refcount_put(&r));
	assert_true(refcount_is_saturated(&r));
	refcount_init(&r, REFCOUNT_MAX);
	refcount_get(&r);
	assert_true(refcount_is_saturated(&r));
}

static void test_types(void **state)
{
	int calls = 0, array[7];

	assert_int_equal(ARRAY_SIZE(array), 7);
	assert_int_equal(min(calls++, 5), 0);
	assert_int_equal(max(calls++, 5), 5);
	assert_int_equal(calls, 2);
	assert_int_equal(align_up(4097UL, 4096), 8192);
	assert_int_equal(align_down(4097UL, 4096), 4096);
	assert_true(is_aligned(8192UL, 4096) && !is_aligned(8191UL, 4096));
	assert_true(is_power_of_2(64) && !is_power_of_2(0) && !is_power_of_2(65));
	assert_true(IS_ERR(ERR_PTR(-ENOMEM)) && PTR_ERR(ERR_PTR(-ENOMEM)) == -ENOMEM);
	assert_false(IS_ERR(NULL) || IS_ERR(&calls));
}

/* Low bits of hashes of consecutive keys must spread: no bucket gets much. */
static void test_hash_spreads(void **state)
{
	unsigned u64[256] = { 0 }, bytes[256] = { 0 };

	for (uint64_t i = 0; i < 25600; i++) {
		u64[hash_u64(i * 4096) & 255]++;
		bytes[hash_bytes(&i, 1 + i % 8, 42) & 255] += i % 8 > 1;
	}
	for (int i = 0; i < 256; i++)
		assert_true(u64[i] > 40 && u64[i] < 200);
	assert_true(hash_bytes("abcdefgh", 8, 1) != hash_bytes("abcdefgh", 8, 2));
	assert_true(hash_bytes("abc", 3, 1) != hash_bytes("abc\0", 4, 1));
	assert_true(hash_bytes("abcdefghi", 9, 1) != hash_bytes("abcdefghj", 9, 1));
}

static void test_ring_against_model(void **state)
{
	uint8_t data[64], buf[100];
	uint64_t written = 0, read = 0;
	struct ring r;

	unit_random_start(__func__);
	ring_init(&r, data, sizeof(data));
	r.head = r.tail = UINT32_MAX - 100; /* positions wrap during the test */
	for (int step = 0; step < 20000; step++) {
		size_t n = unit_random_below(sizeof(buf)), done;

		if (unit_random_below(2)) {
			for (size_t i = 0; i < n; i++)
				buf[i] = (uint8_t)((written + i) * 7);
			done = n == 1 ? ring_put(&r, buf[0]) : ring_write(&r, buf, n);
			assert_int_equal(done, n < 64 - (written - read) ? n : 64 - (written - read));
			written += done;
		} else {
			done = ring_read(&r, buf, n);
			assert_int_equal(done, n < written - read ? n : written - read);
			for (size_t i = 0; i < done; i++)
				assert_int_equal(buf[i], (uint8_t)((read + i) * 7));
			read += done;
		}
		assert_int_equal(ring_used(&r), written - read);
		assert_int_equal(ring_room(&r), 64 - (written - read));
		if (written != read)
			assert_int_equal(ring_peek(&r, 0), (uint8_t)(read * 7));
	}
	ring_clear(&r);
	assert_int_equal(ring_get(&r), -1);
	assert_true(ring_put(&r, 'x'));
	assert_int_equal(ring_get(&r), 'x');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list),	     cmocka_unit_test(test_hlist),
		cmocka_unit_test(test_atomic),	     cmocka_unit_test(test_refcount),
		cmocka_unit_test(test_types),	     cmocka_unit_test(test_hash_spreads),
		cmocka_unit_test(test_ring_against_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

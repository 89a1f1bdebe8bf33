/* SPDX-License-Identifier: MIT */
/*
 * lib/inflate and lib/gzip: what the gzip program made comes back; hand-made
 * blocks of the other kinds; and every truncation and bit flip of a file gives
 * an error, never a wrong result.
 */
#include "unit.h"

#include <string.h>
#include <unistd.h>

#include "lib/errno.h"
#include "lib/inflate.h"

static struct inflate *z;

struct output {
	uint8_t *data;
	size_t n, room;
	int error_at; /* which call fails; 0: none */
};

static int take_output(void *arg, const uint8_t *data, size_t n)
{
	struct output *o = arg;

	if (o->error_at && --o->error_at == 0)
		return -ENOSPC;
	assert_true(n > 0);
	if (n > o->room - o->n)
		return -EFBIG;
	for (size_t i = 0; i < n; i++)
		o->data[o->n + i] = data[i];
	o->n += n;
	return 0;
}

static uint8_t *read_file(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	uint8_t *p = malloc(1 << 23);

	assert_non_null(f);
	*n = fread(p, 1, 1 << 23, f);
	fclose(f);
	return p;
}

/* Compresses with the gzip program. */
static uint8_t *gzip(const uint8_t *data, size_t n, const char *options, size_t *size)
{
	char path[] = "/tmp/unit-inflate-XXXXXX", command[200];
	int fd = mkstemp(path);
	uint8_t *p;
	FILE *pipe;

	assert_true(fd >= 0);
	close(fd);
	snprintf(command, sizeof(command), "gzip %s >%s", options, path);
	pipe = popen(command, "w");
	assert_int_equal(fwrite(data, 1, n, pipe), n);
	assert_int_equal(pclose(pipe), 0);
	p = read_file(path, size);
	unlink(path);
	return p;
}

static void check_round_trip(const uint8_t *data, size_t n, const char *options)
{
	struct output o = { malloc(n + 1), 0, n, 0 };
	size_t size, used;
	uint8_t *packed = gzip(data, n, options, &size), *exact = unit_exact_copy(packed, size);

	assert_int_equal(gunzip(z, exact, size, &used, take_output, &o), 0);
	assert_int_equal(used, size);
	assert_int_equal(o.n, n);
	assert_memory_equal(o.data, data, n);
	free(o.data);
	free(packed);
	free(exact);
}

enum { TEXTURES = 6 };

/* Data of different kinds: zeros, noise, few letters, repeats near and far, steep codes. */
static void make_texture(uint8_t *p, size_t n, int kind)
{
	for (size_t i = 0; i < n; i++)
		switch (kind) {
		case 0:
			p[i] = 0;
			break;
		case 1:
			p[i] = (uint8_t)unit_random();
			break;
		case 2:
			p[i] = (uint8_t)("acgt"[unit_random_below(4)]);
			break;
		case 3:
			p[i] = i < 7 || !unit_random_below(30) ? (uint8_t)unit_random() :
								 p[i - 1 - unit_random_below(7)];
			break;
		case 4:
			p[i] = i < 32768 || !unit_random_below(50) ? (uint8_t)unit_random() :
								     p[i - 32768];
			break;
		default:
			p[i] = (uint8_t)__builtin_ctzl(unit_random() | 1UL << 40);
			p[i] = (uint8_t)(p[i] * 16 + unit_random_below(1 + p[i] * 2));
		}
}

static void test_round_trips(void **state)
{
	static const size_t sizes[] = { 0, 1, 100, 4096, 32768, 49151, 300001 };
	static const char *const options[] = { "-1 -n", "-6 -n", "-9" };
	uint8_t *data = malloc(400000);

	unit_random_start(__func__);
	for (int kind = 0; kind < TEXTURES; kind++)
		for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
			make_texture(data, sizes[s], kind);
			check_round_trip(data, sizes[s], options[(kind + s) % 3]);
		}
	free(data);
}

static void test_own_program(void **state)
{
	size_t n;
	uint8_t *data = read_file("/proc/self/exe", &n);

	check_round_trip(data, n, "-9");
	check_round_trip(data, n, "-1");
	free(data);
}

static const char text[] = "the linnet sings, the linnet sings, aaaaaaaaaaaaaaaaaaaa";

/* The text in one block of fixed codes. */
static const uint8_t fixed[] = {
	0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x2b, 0xc9, 0x48, 0x55, 0xc8,
	0xc9, 0xcc, 0xcb, 0x4b, 0x2d, 0x51, 0x28, 0xce, 0xcc, 0x4b, 0x2f, 0xd6, 0x51, 0x28, 0xc1,
	0x10, 0x49, 0xc4, 0x02, 0x00, 0xd5, 0xe4, 0xd1, 0xb7, 0x38, 0x00, 0x00, 0x00,
};

/* The text in one block of its own codes, without matches: one distance code, unused. */
static const uint8_t dynamic[] = {
	0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x05, 0xc1, 0xc1,
	0x09, 0x00, 0x40, 0x08, 0x03, 0xc1, 0x56, 0x52, 0x80, 0x4d, 0xed, 0x43, 0x3c,
	0x41, 0xf2, 0xd1, 0xfe, 0xb9, 0x99, 0x7b, 0xa9, 0x69, 0x3b, 0x4f, 0xdb, 0xae,
	0x0d, 0xdd, 0x4b, 0x4d, 0xdb, 0x79, 0xda, 0x76, 0x6d, 0x08, 0x00, 0x00, 0x00,
	0x00, 0xe0, 0x03, 0xd5, 0xe4, 0xd1, 0xb7, 0x38, 0x00, 0x00, 0x00,
};

static void check_text(const uint8_t *packed, size_t size, size_t want_used)
{
	uint8_t buf[100], *exact = unit_exact_copy(packed, size);
	struct output o = { buf, 0, sizeof(buf), 0 };
	size_t used;

	assert_int_equal(gunzip(z, exact, size, &used, take_output, &o), 0);
	assert_int_equal(used, want_used);
	assert_int_equal(o.n, sizeof(text) - 1);
	assert_memory_equal(buf, text, o.n);
	free(exact);
}

static void test_hand_made_blocks(void **state)
{
	check_text(fixed, sizeof(fixed), sizeof(fixed));
	check_text(dynamic, sizeof(dynamic), sizeof(dynamic));
}

static void test_bytes_behind_are_left(void **state)
{
	uint8_t two[2 * sizeof(fixed)];

	memcpy(two, fixed, sizeof(fixed));
	memcpy(two + sizeof(fixed), fixed, sizeof(fixed));
	check_text(two, sizeof(two), sizeof(fixed));
	check_text(two + sizeof(fixed), sizeof(fixed), sizeof(fixed));
}

static void test_header_fields(void **state)
{
	uint8_t full[sizeof(fixed) + 30];
	size_t n = 10;

	memcpy(full, fixed, 10);
	full[3] = 4 | 8 | 16; /* extra, name, comment */
	memcpy(full + n, "\x03\0abcname\0comment", 18); /* the last with its NUL */
	n += 18;
	memcpy(full + n, fixed + 10, sizeof(fixed) - 10);
	n += sizeof(fixed) - 10;
	check_text(full, n, n);
}

static void test_write_errors_end_it(void **state)
{
	uint8_t *data = calloc(1, 200000), *packed;
	struct output o = { malloc(200000), 0, 200000, 3 };
	size_t size, used;

	packed = gzip(data, 200000, "-1", &size);
	assert_int_equal(gunzip(z, packed, size, &used, take_output, &o), -ENOSPC);
	free(data);
	free(packed);
	free(o.data);
}

static int unpack_copy(const uint8_t *p, size_t n, struct output *o)
{
	uint8_t *exact = unit_exact_copy(p, n);
	size_t used;
	int error;

	o->n = 0;
	error = gunzip(z, exact, n, &used, take_output, o);
	assert_true(used <= n);
	free(exact);
	return error;
}

static void damage(const uint8_t *packed, size_t size, struct output *o, const uint8_t *want)
{
	uint8_t *copy = unit_exact_copy(packed, size);
	size_t want_n = o->room / 2;

	for (size_t n = 0; n < size; n++)
		assert_int_not_equal(unpack_copy(packed, n, o), 0);
	for (size_t bit = 0; bit < size * 8; bit++) {
		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (unpack_copy(copy, size, o) == 0) { /* a flip in time or system: no harm */
			assert_int_equal(o->n, want_n);
			assert_memory_equal(o->data, want, want_n);
		}
		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	free(copy);
}

static void test_truncations_and_bit_flips(void **state)
{
	struct output o = { malloc(8000), 0, 8000, 0 };
	uint8_t data[4000], *packed;
	size_t size;

	unit_random_start(__func__);
	make_texture(data, sizeof(data), 3);
	packed = gzip(data, sizeof(data), "-9 -n", &size);
	damage(packed, size, &o, data);
	free(packed);
	make_texture(data, 600, 5);
	packed = gzip(data, 600, "-9 -n", &size);
	o.room = 1200;
	damage(packed, size, &o, data);
	free(packed);
	make_texture(data, 300, 1); /* stored */
	packed = gzip(data, 300, "-1 -n", &size);
	o.room = 600;
	damage(packed, size, &o, data);
	free(packed);
	free(o.data);
}

/* Noise behind a good header, its first block of each kind. */
static void test_noise(void **state)
{
	struct output o = { malloc(100000), 0, 100000, 0 };
	uint8_t buf[400];

	unit_random_start(__func__);
	for (int round = 0; round < 8000; round++) {
		for (size_t i = 0; i < sizeof(buf); i++)
			buf[i] = (uint8_t)unit_random();
		memcpy(buf, fixed, 10);
		buf[10] = (uint8_t)((buf[10] & ~7) | round % 3 << 1);
		if (round % 2)
			memcpy(buf, dynamic, 22 + unit_random_below(16));
		assert_int_not_equal(unpack_copy(buf, 1 + unit_random_below(sizeof(buf)), &o), 0);
	}
	free(o.data);
}

static int make_state(void **state)
{
	z = malloc(sizeof(*z));
	memset(z, 0x5a, sizeof(*z));
	return z ? 0 : -1;
}

static int free_state(void **state)
{
	free(z);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_own_program),
		cmocka_unit_test(test_hand_made_blocks),
		cmocka_unit_test(test_bytes_behind_are_left),
		cmocka_unit_test(test_header_fields),
		cmocka_unit_test(test_write_errors_end_it),
		cmocka_unit_test(test_truncations_and_bit_flips),
		cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, make_state, free_state);
}

/* SPDX-License-Identifier: MIT */
/* The core of RCU with one processor, which is also the only one to report. */
#include "shim/shim.h"

#include "base/rcu.h"

static unsigned called, woken;
static int urgent;
static struct rcu_head a, b;

static void count(struct rcu_head *h)
{
	called++;
}

static void wake(bool now)
{
	woken++;
	urgent += now;
}

static void quiescent(void)
{
	preempt_disable();
	rcu_quiescent();
	preempt_enable();
}

static int start(void **state)
{
	rcu_set_wakeup(wake);
	while (rcu_run_callbacks())
		;
	called = woken = urgent = 0;
	return 0;
}

static void callbacks_run_after_a_quiescent_state(void **state)
{
	rcu_call(&a, count);
	assert_int_equal(woken, 1);
	assert_true(rcu_pending());
	assert_int_equal(called, 0);
	assert_false(rcu_run_callbacks());
	assert_int_equal(called, 1);
	assert_false(rcu_pending());
}

static void many_callbacks_are_urgent(void **state)
{
	static struct rcu_head many[300];

	for (unsigned i = 0; i < 300; i++)
		rcu_call(&many[i], count);
	assert_int_equal(woken, 2);
	assert_int_equal(urgent, 1);
	while (rcu_run_callbacks())
		;
	assert_int_equal(called, 300);
}

static void a_quiescent_state_before_the_call_does_not_count(void **state)
{
	quiescent();
	rcu_call(&a, count);
	preempt_disable();
	assert_true(rcu_pending());
	assert_int_equal(called, 0);
	preempt_enable();
	rcu_run_callbacks();
	assert_int_equal(called, 1);
}

/* The second one waits for a later period, and nobody is woken for it: it was left for ever. */
static void a_callback_queued_behind_a_due_one_is_not_forgotten(void **state)
{
	rcu_call(&a, count);
	quiescent();
	rcu_call(&b, count);
	assert_int_equal(woken, 1);
	assert_false(rcu_run_callbacks());
	assert_int_equal(called, 2);
}

static void call_again(struct rcu_head *h)
{
	called++;
	rcu_call(h, count);
}

static void a_callback_may_call(void **state)
{
	rcu_call(&a, call_again);
	rcu_run_callbacks();
	assert_int_equal(woken, 2);
	rcu_run_callbacks();
	assert_int_equal(called, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(callbacks_run_after_a_quiescent_state, start),
		cmocka_unit_test_setup(many_callbacks_are_urgent, start),
		cmocka_unit_test_setup(a_quiescent_state_before_the_call_does_not_count, start),
		cmocka_unit_test_setup(a_callback_queued_behind_a_due_one_is_not_forgotten, start),
		cmocka_unit_test_setup(a_callback_may_call, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

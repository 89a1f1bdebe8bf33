// SPDX-License-Identifier: MIT

// Work stealing as rayon does it, with the standard library only: each worker has a queue
// of its own, pushes and pops at one end, and steals from the other end of another's when
// its own is empty; who finds nothing parks. join() splits work in two and helps out while
// the other half is elsewhere. Prints the same on any number of processors.

use std::cell::UnsafeCell;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

type Run = unsafe fn(*const ());

#[derive(Clone, Copy)]
struct Job {
    run: Run,
    data: *const (),
}
unsafe impl Send for Job {}

struct Pool {
    queues: Vec<Mutex<VecDeque<Job>>>,
    idle: Mutex<usize>,
    bell: Condvar,
    over: AtomicBool,
    stolen: AtomicUsize,
}

// A job that lives on the stack of who waits for it.
struct StackJob<F, R> {
    work: UnsafeCell<Option<F>>,
    result: UnsafeCell<Option<R>>,
    done: AtomicBool,
}

thread_local!(static WHO: UnsafeCell<usize> = UnsafeCell::new(0));

fn who() -> usize {
    WHO.with(|w| unsafe { *w.get() })
}

unsafe fn run_stack_job<F: FnOnce() -> R, R>(data: *const ()) {
    let job = &*(data as *const StackJob<F, R>);
    let work = (*job.work.get()).take().unwrap();
    *job.result.get() = Some(work());
    job.done.store(true, Ordering::Release);
}

impl Pool {
    fn new(workers: usize) -> Pool {
        Pool {
            queues: (0..workers).map(|_| Mutex::new(VecDeque::new())).collect(),
            idle: Mutex::new(0),
            bell: Condvar::new(),
            over: AtomicBool::new(false),
            stolen: AtomicUsize::new(0),
        }
    }

    fn push(&self, job: Job) {
        self.queues[who()].lock().unwrap().push_back(job);
        if *self.idle.lock().unwrap() > 0 {
            self.bell.notify_one();
        }
    }

    fn take(&self) -> Option<Job> {
        let me = who();
        if let Some(job) = self.queues[me].lock().unwrap().pop_back() {
            return Some(job);
        }
        for step in 1..self.queues.len() {
            let victim = (me + step) % self.queues.len();
            if let Some(job) = self.queues[victim].lock().unwrap().pop_front() {
                self.stolen.fetch_add(1, Ordering::Relaxed);
                return Some(job);
            }
        }
        None
    }

    fn work(&self) {
        while !self.over.load(Ordering::Acquire) {
            if let Some(job) = self.take() {
                unsafe { (job.run)(job.data) };
                continue;
            }
            let mut idle = self.idle.lock().unwrap();
            *idle += 1;
            let waited = self.bell.wait_timeout(idle, std::time::Duration::from_millis(5));
            *waited.unwrap().0 -= 1;
        }
    }

    fn join<A, B, RA, RB>(&self, a: A, b: B) -> (RA, RB)
    where
        A: FnOnce() -> RA,
        B: FnOnce() -> RB + Send,
        RB: Send,
    {
        let other = StackJob {
            work: UnsafeCell::new(Some(b)),
            result: UnsafeCell::new(None),
            done: AtomicBool::new(false),
        };
        self.push(Job { run: run_stack_job::<B, RB>, data: &other as *const _ as *const () });
        let first = a();
        while !other.done.load(Ordering::Acquire) {
            match self.take() {
                Some(job) => unsafe { (job.run)(job.data) },
                None => thread::yield_now(),
            }
        }
        (first, other.result.into_inner().unwrap())
    }
}

fn sum(pool: &Pool, numbers: &[u64]) -> u64 {
    if numbers.len() <= 256 {
        return numbers.iter().map(|n| n * n % 1009).sum();
    }
    let (left, right) = numbers.split_at(numbers.len() / 2);
    let (a, b) = pool.join(|| sum(pool, left), || sum(pool, right));
    a + b
}

fn sort(pool: &Pool, numbers: &mut [u64]) {
    if numbers.len() <= 512 {
        numbers.sort_unstable();
        return;
    }
    let half = numbers.len() / 2;
    let (left, right) = numbers.split_at_mut(half);
    pool.join(|| sort(pool, left), || sort(pool, right));
    let merged = {
        let (mut i, mut j, mut out) = (0, 0, Vec::with_capacity(left.len() + right.len()));
        while i < left.len() || j < right.len() {
            if j == right.len() || (i < left.len() && left[i] <= right[j]) {
                out.push(left[i]);
                i += 1;
            } else {
                out.push(right[j]);
                j += 1;
            }
        }
        out
    };
    numbers.copy_from_slice(&merged);
}

fn fib(pool: &Pool, n: u32) -> u64 {
    if n < 2 {
        return n as u64;
    }
    let (a, b) = pool.join(|| fib(pool, n - 1), || fib(pool, n - 2));
    a + b
}

fn main() {
    let processors = thread::available_parallelism().unwrap().get();
    if std::env::args().count() > 1 {
        println!("{}", processors);
        return;
    }
    let workers = processors + 3;
    let pool = Arc::new(Pool::new(workers));
    let threads: Vec<_> = (1..workers)
        .map(|number| {
            let pool = pool.clone();
            thread::spawn(move || {
                WHO.with(|w| unsafe { *w.get() = number });
                pool.work();
            })
        })
        .collect();
    let numbers: Vec<u64> = (0..300_000).collect();
    println!("sum: {}", sum(&pool, &numbers));
    let mut seed = 1u64;
    let mut mixed: Vec<u64> = (0..100_000)
        .map(|_| {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            seed >> 40
        })
        .collect();
    sort(&pool, &mut mixed);
    println!("sort: {} {} {}", mixed.windows(2).all(|w| w[0] <= w[1]), mixed[0], mixed[50_000]);
    println!("fib: {}", fib(&pool, 18));
    println!("stolen: {}", pool.stolen.load(Ordering::Relaxed) > 0);
    pool.over.store(true, Ordering::Release);
    pool.bell.notify_all();
    for t in threads {
        t.join().unwrap();
    }
    let caught = thread::spawn(|| panic!("planned")).join().is_err();
    println!("panic caught: {}", caught);
    std::process::exit(4);
}

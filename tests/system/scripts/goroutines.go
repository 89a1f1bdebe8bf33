// SPDX-License-Identifier: MIT

// 10,000 goroutines at once: a barrier, a pipeline, a mutex, timers, and work that is split
// again and again. Prints the same on any number of processors.
package main

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

const many = 10000

// All are alive at the same time: none goes on before the last one has come.
func barrier() {
	var here int64
	var done sync.WaitGroup
	gate := make(chan struct{})
	for i := 0; i < many; i++ {
		done.Add(1)
		go func() {
			defer done.Done()
			if atomic.AddInt64(&here, 1) == many {
				close(gate)
			}
			<-gate
		}()
	}
	done.Wait()
	fmt.Println("barrier:", here)
}

// A number passes through a chain of 10,000, each of which adds one.
func chain() {
	first := make(chan int)
	from := first
	for i := 0; i < many; i++ {
		to := make(chan int)
		go func(in, out chan int) {
			for n := range in {
				out <- n + 1
			}
			close(out)
		}(from, to)
		from = to
	}
	go func() {
		for i := 0; i < 5; i++ {
			first <- i
		}
		close(first)
	}()
	for n := range from {
		fmt.Println("chain:", n)
	}
}

func shared() {
	var lock sync.RWMutex
	var done sync.WaitGroup
	counts := map[int]int{}
	for i := 0; i < many; i++ {
		done.Add(1)
		go func(i int) {
			defer done.Done()
			lock.Lock()
			counts[i%100]++
			lock.Unlock()
			runtime.Gosched()
			lock.RLock()
			_ = counts[i%100]
			lock.RUnlock()
		}(i)
	}
	done.Wait()
	total := 0
	for _, n := range counts {
		total += n
	}
	fmt.Println("shared:", len(counts), total)
}

func sleepers() {
	var done sync.WaitGroup
	var woken, early int64
	for i := 0; i < many; i++ {
		done.Add(1)
		go func(i int) {
			defer done.Done()
			nap := time.Duration(i%50) * time.Millisecond
			start := time.Now()
			time.Sleep(nap)
			if time.Since(start) < nap {
				atomic.AddInt64(&early, 1)
			}
			atomic.AddInt64(&woken, 1)
		}(i)
	}
	done.Wait()
	fmt.Println("sleepers:", woken, early)
}

func split(numbers []int) int {
	if len(numbers) < 200 {
		sum := 0
		for _, n := range numbers {
			for k := 0; k < 20; k++ {
				sum += n * k % 7
			}
		}
		return sum
	}
	half := len(numbers) / 2
	left := make(chan int)
	go func() { left <- split(numbers[:half]) }()
	return split(numbers[half:]) + <-left
}

func main() {
	if len(os.Args) > 1 {
		fmt.Println(runtime.NumCPU())
		return
	}
	barrier()
	chain()
	shared()
	sleepers()
	numbers := make([]int, 400000)
	for i := range numbers {
		numbers[i] = i
	}
	fmt.Println("split:", split(numbers))
	runtime.GC()
	os.Exit(3)
}

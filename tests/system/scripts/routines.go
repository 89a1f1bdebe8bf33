// SPDX-License-Identifier: MIT

// 1,000 goroutines, channels, select, timers, contexts, garbage collection, files, processes.
package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

func fanIn() {
	var wg sync.WaitGroup
	in, out := make(chan int), make(chan int, 16)
	for i := 0; i < 1000; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			n := <-in
			runtime.Gosched()
			out <- n * n
		}()
	}
	go func() {
		for i := 0; i < 1000; i++ {
			in <- i
		}
		wg.Wait()
		close(out)
	}()
	total, count := 0, 0
	for n := range out {
		total += n
		count++
	}
	fmt.Println("fan in:", count, total)
}

// A number goes through a chain of 1,000 goroutines.
func chain() {
	first := make(chan int)
	from := first
	for i := 0; i < 1000; i++ {
		to := make(chan int)
		go func(a, b chan int) {
			for n := range a {
				b <- n + 1
			}
			close(b)
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
		fmt.Print(n, " ")
	}
	fmt.Println("chain")
}

func timers() {
	start := time.Now()
	var fired int64
	var wg sync.WaitGroup
	for i := 0; i < 1000; i++ {
		wg.Add(1)
		time.AfterFunc(time.Duration(i%50)*time.Millisecond, func() {
			atomic.AddInt64(&fired, 1)
			wg.Done()
		})
	}
	wg.Wait()
	ticker := time.NewTicker(2 * time.Millisecond)
	ticks := 0
	for range ticker.C {
		if ticks++; ticks == 5 {
			ticker.Stop()
			break
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	select {
	case <-ctx.Done():
	case <-time.After(30 * time.Second):
		fmt.Println("late")
	}
	fmt.Println("timers:", fired, ticks, ctx.Err(), time.Since(start) > 70*time.Millisecond)
}

type node struct{ left, right *node }

func tree(depth int) *node {
	if depth == 0 {
		return &node{}
	}
	return &node{tree(depth - 1), tree(depth - 1)}
}

func (n *node) count() int {
	if n.left == nil {
		return 1
	}
	return 1 + n.left.count() + n.right.count()
}

func garbage() {
	debug.SetGCPercent(20)
	kept := tree(12)
	var wg sync.WaitGroup
	for i := 0; i < 8; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for j := 0; j < 10; j++ {
				tree(10)
			}
		}()
	}
	wg.Wait()
	runtime.GC()
	debug.FreeOSMemory()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	fmt.Println("garbage:", kept.count(), stats.NumGC > 2)
}

func spin() {
	// A loop without calls is preempted by a signal.
	var stop int32
	go func() {
		n := 0
		for atomic.LoadInt32(&stop) == 0 {
			n++
		}
	}()
	time.Sleep(30 * time.Millisecond)
	runtime.GC()
	atomic.StoreInt32(&stop, 1)
	fmt.Println("spin: preempted")
}

func files() {
	name := "/tmp/routines"
	f, err := os.Create(name)
	if err != nil {
		panic(err)
	}
	w := bufio.NewWriter(f)
	for i := 0; i < 1000; i++ {
		fmt.Fprintln(w, strings.Repeat("x", i%70))
	}
	w.Flush()
	f.Close()
	b, _ := os.ReadFile(name)
	_, err = os.ReadFile("/none")
	entries, _ := os.ReadDir("/scripts")
	fmt.Println("files:", len(b), err, len(entries) > 0, os.Remove(name))
	r, pw, _ := os.Pipe()
	go func() {
		time.Sleep(5 * time.Millisecond)
		pw.WriteString("through a pipe")
		pw.Close()
	}()
	text, _ := io.ReadAll(r)
	fmt.Println("pipe:", string(text))
}

func processes() {
	out, err := exec.Command("/bin/sh", "-c", "cat; exit 3").CombinedOutput()
	fmt.Printf("command: %q %v\n", out, err)
	cmd := exec.Command("tr", "a-z", "A-Z")
	cmd.Stdin = strings.NewReader("shout\n")
	out, err = cmd.Output()
	fmt.Printf("command: %q %v\n", out, err)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	fmt.Println("killed:", exec.CommandContext(ctx, "sleep", "60").Run())
	got := make(chan os.Signal, 1)
	signal.Notify(got, syscall.SIGUSR1)
	syscall.Kill(os.Getpid(), syscall.SIGUSR1)
	fmt.Println("signal:", <-got)
}

func main() {
	fanIn()
	chain()
	timers()
	garbage()
	spin()
	files()
	processes()
	defer func() {
		fmt.Println("recovered:", recover())
		os.Exit(3)
	}()
	var p *int
	fmt.Println(*p)
}

// Google's Go client as a peer of the benchmarks.
//
//	peer receive SUBSCRIPTION SECONDS MAX_MESSAGES
//	peer publish TOPIC MESSAGES PAYLOAD_BYTES
//
// PUBSUB_EMULATOR_HOST names the server. Prints one line of JSON: messages, bytes,
// seconds, cpu_seconds, max_rss_kb of this process.
package main

import (
	"context"
	"encoding/json"
	"log"
	"math/rand"
	"os"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"cloud.google.com/go/pubsub/v2"
)

func cpuSeconds() (float64, int64) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		log.Fatal(err)
	}
	s := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
	return s(u.Utime) + s(u.Stime), u.Maxrss
}

func report(messages, bytes int64, started time.Time, cpu0 float64) {
	cpu, rss := cpuSeconds()
	line, _ := json.Marshal(map[string]any{
		"messages": messages, "bytes": bytes, "seconds": time.Since(started).Seconds(),
		"cpu_seconds": cpu - cpu0, "max_rss_kb": rss,
	})
	os.Stdout.Write(append(line, '\n'))
}

func receive(ctx context.Context, client *pubsub.Client, args []string) {
	seconds, most := number(args[1]), number(args[2])
	ctx, cancel := context.WithTimeout(ctx, time.Duration(seconds)*time.Second)
	defer cancel()
	var messages, bytes atomic.Int64
	sub := client.Subscriber(args[0])
	sub.ReceiveSettings.MaxOutstandingMessages = 100000
	sub.ReceiveSettings.MaxOutstandingBytes = 1 << 28
	cpu, _ := cpuSeconds()
	started := time.Now()
	err := sub.Receive(ctx, func(_ context.Context, m *pubsub.Message) {
		bytes.Add(int64(len(m.Data)))
		m.Ack()
		if messages.Add(1) >= most {
			cancel()
		}
	})
	if err != nil {
		log.Fatal(err)
	}
	report(messages.Load(), bytes.Load(), started, cpu)
}

func publish(ctx context.Context, client *pubsub.Client, args []string) {
	count, size := number(args[1]), number(args[2])
	publisher := client.Publisher(args[0])
	publisher.PublishSettings.CountThreshold = 1000
	publisher.PublishSettings.ByteThreshold = 1 << 20
	publisher.PublishSettings.FlowControlSettings = pubsub.FlowControlSettings{
		MaxOutstandingBytes: 64 << 20, LimitExceededBehavior: pubsub.FlowControlBlock,
	}
	payload := make([]byte, size)
	rand.New(rand.NewSource(1)).Read(payload)
	cpu, _ := cpuSeconds()
	started := time.Now()
	results := make(chan *pubsub.PublishResult, 100000)
	done := make(chan struct{})
	go func() {
		for r := range results {
			if _, err := r.Get(ctx); err != nil {
				log.Fatal(err)
			}
		}
		close(done)
	}()
	for i := int64(0); i < count; i++ {
		results <- publisher.Publish(ctx, &pubsub.Message{Data: payload})
	}
	publisher.Stop()
	close(results)
	<-done
	report(count, count*size, started, cpu)
}

func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		log.Fatal(err)
	}
	return n
}

func main() {
	ctx := context.Background()
	client, err := pubsub.NewClient(ctx, "bench")
	if err != nil {
		log.Fatal(err)
	}
	switch {
	case len(os.Args) == 5 && os.Args[1] == "receive":
		receive(ctx, client, os.Args[2:])
	case len(os.Args) == 5 && os.Args[1] == "publish":
		publish(ctx, client, os.Args[2:])
	default:
		log.Fatal("usage: peer receive SUBSCRIPTION SECONDS MAX | publish TOPIC N BYTES")
	}
}

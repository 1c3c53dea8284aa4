// Google's Go client against the emulator.
//
//	main CASE TOPIC SUBSCRIPTION COUNT BYTES
//
// PUBSUB_EMULATOR_HOST names the server. Publishes COUNT messages, receives until as
// many different ones have come, and prints one line of JSON.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"math/rand"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"cloud.google.com/go/pubsub/v2"
)

type inbox struct {
	mu       sync.Mutex
	seen     map[string]int
	last     map[string]int
	received int
	disorder int
}

func publish(ctx context.Context, client *pubsub.Client, kind, topic string, count, size int) {
	publisher := client.Publisher(topic)
	defer publisher.Stop()
	publisher.EnableMessageOrdering = kind == "ordered"
	if kind == "gzip" {
		publisher.PublishSettings.EnableCompression = true
		publisher.PublishSettings.CompressionBytesThreshold = 240
	}
	padding := make([]byte, size)
	rand.New(rand.NewSource(1)).Read(padding)
	if kind == "gzip" {
		padding = []byte(strings.Repeat("a", size))
	}
	results := make([]*pubsub.PublishResult, 0, count)
	for i := 0; i < count; i++ {
		m := &pubsub.Message{Data: padding, Attributes: map[string]string{"n": strconv.Itoa(i)}}
		if kind == "ordered" {
			m.OrderingKey = fmt.Sprintf("key-%d", i%10)
		}
		results = append(results, publisher.Publish(ctx, m))
	}
	for _, r := range results {
		if _, err := r.Get(ctx); err != nil {
			log.Fatal("publish: ", err)
		}
	}
}

// Notes one message; whether it is the first time, and whether all have come.
func (in *inbox) take(m *pubsub.Message, count int) (first, all bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.received++
	n := m.Attributes["n"]
	in.seen[n]++
	number, _ := strconv.Atoi(n)
	if before, known := in.last[m.OrderingKey]; known && m.OrderingKey != "" && number <= before {
		in.disorder++
	}
	in.last[m.OrderingKey] = number
	return in.seen[n] == 1, len(in.seen) == count
}

func receive(ctx context.Context, client *pubsub.Client, kind, subscription string, count int) *inbox {
	in := &inbox{seen: map[string]int{}, last: map[string]int{}}
	ctx, cancel := context.WithTimeout(ctx, 120*time.Second)
	defer cancel()
	wanted := count
	if kind == "nack" {
		wanted = 2 * count
	}
	sub := client.Subscriber(subscription)
	sub.ReceiveSettings.MaxOutstandingBytes = 1 << 28
	err := sub.Receive(ctx, func(_ context.Context, m *pubsub.Message) {
		first, all := in.take(m, count)
		switch {
		case kind == "nack" && first:
			m.Nack()
		case kind == "exactly-once":
			if status, err := m.AckWithResult().Get(context.Background()); err != nil || status != pubsub.AcknowledgeStatusSuccess {
				log.Fatal("ack: ", status, err)
			}
		default:
			m.Ack()
		}
		in.mu.Lock()
		done := all && in.received >= wanted
		in.mu.Unlock()
		if done {
			cancel()
		}
	})
	if err != nil {
		log.Fatal("receive: ", err)
	}
	return in
}

func main() {
	if len(os.Args) != 6 {
		log.Fatal("usage: main CASE TOPIC SUBSCRIPTION COUNT BYTES")
	}
	kind, topic, subscription := os.Args[1], os.Args[2], os.Args[3]
	count, err := strconv.Atoi(os.Args[4])
	if err != nil {
		log.Fatal(err)
	}
	size, err := strconv.Atoi(os.Args[5])
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	client, err := pubsub.NewClient(ctx, strings.Split(topic, "/")[1])
	if err != nil {
		log.Fatal(err)
	}
	if kind == "quiet" {
		go func() {
			time.Sleep(50 * time.Second)
			publish(ctx, client, kind, topic, count, size)
		}()
	} else {
		publish(ctx, client, kind, topic, count, size)
	}
	in := receive(ctx, client, kind, subscription, count)
	line, err := json.Marshal(map[string]int{
		"distinct": len(in.seen), "received": in.received, "disorder": in.disorder,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(line))
}

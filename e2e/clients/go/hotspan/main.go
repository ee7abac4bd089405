// Command hotspan is a service with Hotspan's own Go client.
package main

import (
	"context"
	"log"
	"time"

	"example.com/clients/work"
	"go.opentelemetry.io/otel"
	"hotspan.dev/go/labels"
	"hotspan.dev/go/profiler"
)

func main() {
	ctx := context.Background()
	provider, err := work.StartTracing(ctx)
	if err != nil {
		log.Fatal(err)
	}
	otel.SetTracerProvider(labels.TracerProvider(provider))
	profiles, err := profiler.Start(profiler.Config{
		URL: work.URL, Service: work.Service, Instance: "shop-1", Labels: map[string]string{"version": "1.4.2"},
		CPUWindow: time.Second, CPUEvery: time.Second, SnapshotEvery: time.Second, Budget: 1,
		MutexFraction: 1, BlockRate: time.Microsecond,
		Capture: profiler.CaptureConfig{CPU: 0.001, ProbeEvery: 1500 * time.Millisecond, Window: time.Second},
	})
	if err != nil {
		log.Fatal(err)
	}
	limited, cancel := context.WithTimeout(ctx, work.Seconds())
	defer cancel()
	if err := work.Visit(limited, work.Server(labels.Handler(work.Routes()))); err != nil {
		log.Fatal(err)
	}
	patient, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := profiles.Stop(patient); err != nil {
		log.Fatal(err)
	}
	if err := provider.Shutdown(patient); err != nil {
		log.Fatal(err)
	}
}

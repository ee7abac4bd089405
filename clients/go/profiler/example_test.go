package profiler_test

import (
	"context"
	"log"
	"time"

	"hotspan.dev/go/profiler"
)

func ExampleStart() {
	p, err := profiler.Start(profiler.Config{URL: "http://localhost:3000", Service: "shop"})
	if err != nil {
		log.Fatal(err)
	}
	defer p.Stop(context.Background())
	// ... serve
}

// Without a gap, and with a capture from half of the CPU on.
func ExampleStart_always() {
	p, err := profiler.Start(profiler.Config{
		Service:  "shop",
		Labels:   map[string]string{"version": "1.4.2"},
		CPUEvery: 10 * time.Second,
		Capture:  profiler.CaptureConfig{CPU: 0.5, Every: 5 * time.Minute},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer p.Stop(context.Background())
}

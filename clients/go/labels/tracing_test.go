package labels

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime/pprof"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/trace"
)

func newTracer() trace.Tracer { return TracerProvider(fakeProvider{}).Tracer("test") }

func TestChildSpansAreWornWhileTheyRun(t *testing.T) {
	tracer := newTracer()
	ctx, root := tracer.Start(context.Background(), "root")
	childCtx, child := tracer.Start(ctx, "child")
	spans := map[string]trace.Span{"root": root, "child": child}
	if got, want := draw(worn(t), spans), "local_root_span_id=root span_id=child trace_id=theirs"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if trace.SpanFromContext(childCtx) != child {
		t.Error("the span in the context is not the one that labels")
	}
	// The labels are in the context: more can be added, and another goroutine can take them over.
	pprof.Do(childCtx, pprof.Labels("shard", "7"), func(context.Context) {
		wears(t, "within pprof.Do", child)
		if worn(t)["shard"] != "7" {
			t.Error("a label of the program's own is lost")
		}
	})
	pool(t)(func() {
		pprof.SetGoroutineLabels(childCtx)
		wears(t, "on a goroutine that took the context", child)
	})
	child.End()
	wears(t, "after the child", root)
	root.End()
	if left := worn(t); len(left) != 0 {
		t.Errorf("after the root %v is left", left)
	}
}

func TestLocalRoot(t *testing.T) {
	tracer := newTracer()
	caller := trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled, Remote: true,
	})
	ctx := trace.ContextWithRemoteSpanContext(context.Background(), caller)
	ctx, server := tracer.Start(ctx, "server")
	defer server.End()
	rootOf := func() string { return worn(t)["local_root_span_id"] }
	if rootOf() != server.SpanContext().SpanID().String() || worn(t)["trace_id"] != caller.TraceID().String() {
		t.Errorf("a caller's child: %v", worn(t))
	}
	inner, child := tracer.Start(ctx, "child")
	if rootOf() != server.SpanContext().SpanID().String() {
		t.Errorf("a grandchild of the caller: %v", worn(t))
	}
	_, elsewhere := tracer.Start(inner, "new root", trace.WithNewRoot())
	if rootOf() != elsewhere.SpanContext().SpanID().String() || worn(t)["trace_id"] != elsewhere.SpanContext().TraceID().String() {
		t.Errorf("a new root: %v", worn(t))
	}
	elsewhere.End()
	wears(t, "after a trace within the trace", child)
	child.End()

	// The trace comes back to this process, as by a call to itself: a local root once more.
	_, again := tracer.Start(trace.ContextWithRemoteSpanContext(inner, caller), "server")
	if rootOf() != again.SpanContext().SpanID().String() {
		t.Errorf("the trace's second visit: %v", worn(t))
	}
	again.End()
}

// A goroutine whose spans all end elsewhere wears the last of them; the others are not kept for its sake.
func TestEndedSpansAreForgotten(t *testing.T) {
	tracer := newTracer()
	worker := pool(t)
	ctx, root := tracer.Start(context.Background(), "root")
	var last *scope
	for range 1000 {
		_, sent := tracer.Start(ctx, "sent")
		worker(func() { sent.End() })
		last = sent.(*span).scope
	}
	if last.outer != root.(*span).scope {
		t.Error("an ended span holds on to the one before it")
	}
	root.End()
	wears(t, "after the root", nil)
}

func TestSpansThatEndOutOfOrder(t *testing.T) {
	tracer := newTracer()
	ctx, a := tracer.Start(context.Background(), "a")
	ctx, b := tracer.Start(ctx, "b")
	_, c := tracer.Start(ctx, "c")
	if readable {
		b.End()
		wears(t, "b ended below c", c)
		c.End()
		wears(t, "c ended, and b before it", a)
		c.End()
		wears(t, "c ended twice", a)
	} else {
		b.End()
		c.End()
		wears(t, "c ended, and b before it", a)
	}
	a.End()
	wears(t, "all ended", nil)
}

func TestSpansThatEndOnAnotherGoroutine(t *testing.T) {
	if !readable {
		t.Skip("needs a goroutine's labels to be readable")
	}
	tracer := newTracer()
	worker := pool(t)

	ctx, root := tracer.Start(context.Background(), "root")
	_, sent := tracer.Start(ctx, "sent")
	worker(func() {
		sent.End()
		wears(t, "the goroutine of a pool that ended a span of others", nil)
	})
	_, next := tracer.Start(ctx, "next")
	next.End()
	wears(t, "after the next span", root)

	_, spawning := tracer.Start(ctx, "spawning")
	on(func() {
		wears(t, "a new goroutine", spawning)
		spawning.End()
		wears(t, "a new goroutine that ended the span it inherited", root)
	})
	root.End()
	wears(t, "the first goroutine, at the end", nil)

	// A worker that starts spans of a context it was handed is bare again afterwards, and not in the clothes of the sender.
	ctx, job := tracer.Start(context.Background(), "job")
	worker(func() {
		_, step := tracer.Start(ctx, "step")
		wears(t, "a worker at a step", step)
		step.End()
		wears(t, "a worker after a step", nil)
	})
	wears(t, "the sender meanwhile", job)
	job.End()
}

func TestSpansThatAreNotSampled(t *testing.T) {
	tracer := newTracer()
	ctx, root := tracer.Start(context.Background(), "dropped")
	if _, labels := root.(*span); labels || len(worn(t)) != 0 {
		t.Errorf("a span that is not sampled is worn: %v", worn(t))
	}
	_, child := tracer.Start(ctx, "child")
	wears(t, "the child of a span that is not sampled", nil)
	child.End()
	root.End()
}

func TestEndNotesAPanic(t *testing.T) {
	var fake *fakeSpan
	func() {
		defer func() {
			if recovered := recover(); recovered != "boom" {
				t.Errorf("recovered %v", recovered)
			}
		}()
		_, started := newTracer().Start(context.Background(), "panics")
		fake = started.(*span).Span.(*fakeSpan)
		defer started.End()
		panic("boom")
	}()
	if fake.ends != 1 || fmt.Sprint(fake.events) != "[exception]" {
		t.Errorf("ended %d times with events %v", fake.ends, fake.events)
	}
	wears(t, "after a panic", nil)
}

// Whatever is started and ended where, a goroutine that comes out of Do wears what it wore before, and nobody who
// never started a span wears one.
func TestAnyOrder(t *testing.T) {
	tracer := newTracer()
	worker := pool(t)
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 7))
		Do(context.Background(), fmt.Sprint("GET /", seed), func(ctx context.Context) {
			contexts, open := []context.Context{ctx}, []trace.Span{}
			for range 30 {
				from := contexts[random.IntN(len(contexts))]
				switch dice := random.IntN(10); {
				case dice < 5:
					next, started := tracer.Start(from, "span")
					contexts, open = append(contexts, next), append(open, started)
				case dice < 8 && len(open) > 0:
					i := random.IntN(len(open))
					open[i].End()
					open = append(open[:i], open[i+1:]...)
				case readable && len(open) > 0:
					i := random.IntN(len(open))
					ending := open[i]
					if dice == 8 {
						worker(func() { ending.End() })
					} else {
						on(func() { ending.End() })
					}
					open = append(open[:i], open[i+1:]...)
				}
			}
			for _, left := range open {
				left.End()
			}
		})
		if left := worn(t); len(left) != 0 {
			t.Fatalf("seed %d: %v is left", seed, left)
		}
		worker(func() {
			if readable && len(worn(t)) != 0 {
				t.Errorf("seed %d: the worker wears %v", seed, worn(t))
			}
		})
	}
}

func TestManyGoroutinesInOneTrace(t *testing.T) {
	tracer := newTracer()
	ctx, root := tracer.Start(context.Background(), "root")
	var all sync.WaitGroup
	for range 8 {
		all.Add(1)
		go func() {
			defer all.Done()
			for range 500 {
				inner, child := tracer.Start(ctx, "child")
				_, grandchild := tracer.Start(inner, "grandchild")
				child.End()
				go grandchild.End()
			}
		}()
	}
	all.Wait()
	wears(t, "after all", root)
	root.End()
	wears(t, "after the root", nil)
}

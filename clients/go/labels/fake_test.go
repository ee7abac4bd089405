package labels

import (
	"bytes"
	"context"
	"encoding/binary"
	"maps"
	"regexp"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// fakeProvider starts spans as an SDK does; those that are named "dropped" and their children are not sampled.
type fakeProvider struct{ noop.TracerProvider }

func (fakeProvider) Tracer(string, ...trace.TracerOption) trace.Tracer { return fakeTracer{} }

type fakeTracer struct{ noop.Tracer }

var lastID atomic.Uint64

func (fakeTracer) Start(ctx context.Context, name string, options ...trace.SpanStartOption) (context.Context, trace.Span) {
	parent := trace.SpanContextFromContext(ctx)
	config := trace.SpanContextConfig{TraceID: parent.TraceID(), TraceFlags: trace.FlagsSampled}
	binary.BigEndian.PutUint64(config.SpanID[:], lastID.Add(1))
	start := trace.NewSpanStartConfig(options...)
	if !parent.IsValid() || start.NewRoot() {
		copy(config.TraceID[8:], config.SpanID[:])
	}
	if name == "dropped" || parent.IsValid() && !parent.IsSampled() {
		config.TraceFlags = 0
	}
	span := &fakeSpan{is: trace.NewSpanContext(config)}
	return trace.ContextWithSpan(ctx, span), span
}

type fakeSpan struct {
	noop.Span
	is     trace.SpanContext
	ends   int
	events []string
}

func (s *fakeSpan) SpanContext() trace.SpanContext               { return s.is }
func (s *fakeSpan) End(...trace.SpanEndOption)                   { s.ends++ }
func (s *fakeSpan) AddEvent(name string, _ ...trace.EventOption) { s.events = append(s.events, name) }

// worn reads the labels of the calling goroutine where they count: in the runtime's own profile.
//
//go:noinline
func worn(t *testing.T) map[string]string {
	t.Helper()
	var profile bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
		t.Fatal(err)
	}
	for _, group := range strings.Split(profile.String(), "\n\n") {
		if !strings.Contains(group, "hotspan.dev/go/labels.worn+") {
			continue
		}
		labels := map[string]string{}
		if line := regexp.MustCompile(`(?m)^# labels: (.*)$`).FindStringSubmatch(group); line != nil {
			for _, pair := range regexp.MustCompile(`("(?:[^"\\]|\\.)*"):("(?:[^"\\]|\\.)*")`).FindAllStringSubmatch(line[1], -1) {
				labels[unquote(t, pair[1])] = unquote(t, pair[2])
			}
		}
		return labels
	}
	t.Fatalf("this goroutine is not in its profile:\n%s", profile.String())
	return nil
}

func unquote(t *testing.T, quoted string) string {
	text, err := strconv.Unquote(quoted)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// draw writes labels as "endpoint=GET /a span_id=b", ids by the names of their spans.
func draw(labels map[string]string, spans map[string]trace.Span) string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		value := labels[key]
		for name, span := range spans {
			switch value {
			case span.SpanContext().SpanID().String():
				value = name
			case span.SpanContext().TraceID().String():
				value = "theirs"
			}
		}
		parts = append(parts, key+"="+value)
	}
	return strings.Join(parts, " ")
}

// wears fails the test unless the calling goroutine is labelled with exactly this span, or with none for nil.
func wears(t *testing.T, moment string, want trace.Span) {
	t.Helper()
	got := worn(t)["span_id"]
	expected := ""
	if want != nil {
		expected = want.SpanContext().SpanID().String()
	}
	if got != expected {
		t.Errorf("%s: the goroutine wears span %q, want %q", moment, got, expected)
	}
}

// on runs f on a goroutine of its own and waits for it; what is worn here is inherited there, as always in Go.
func on(f func()) {
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	<-done
}

// pool is a goroutine that was there before any span and works for all of them.
func pool(t *testing.T) func(func()) {
	work, done := make(chan func()), make(chan struct{})
	go func() {
		for f := range work {
			f()
			done <- struct{}{}
		}
	}()
	t.Cleanup(func() { close(work) })
	return func(f func()) { work <- f; <-done }
}

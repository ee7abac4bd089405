package sdktest

import (
	"bytes"
	"context"
	"runtime/pprof"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"hotspan.dev/go/labels"
)

func newProvider(options ...sdktrace.TracerProviderOption) (trace.TracerProvider, *tracetest.SpanRecorder) {
	recorder := tracetest.NewSpanRecorder()
	return labels.TracerProvider(sdktrace.NewTracerProvider(append(options, sdktrace.WithSpanProcessor(recorder))...)), recorder
}

// wears says whether any goroutine is labelled with a text; only this test's can be.
func wears(t *testing.T, text string) bool {
	t.Helper()
	var profile bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
		t.Fatal(err)
	}
	return strings.Contains(profile.String(), text)
}

func TestSpansOfTheSDK(t *testing.T) {
	provider, recorder := newProvider()
	tracer := provider.Tracer("test")
	ctx, root := tracer.Start(context.Background(), "root")
	// Libraries take the provider from the span they find, and their spans are to be worn as well.
	_, child := trace.SpanFromContext(ctx).TracerProvider().Tracer("library").Start(ctx, "child")
	if !wears(t, child.SpanContext().SpanID().String()) || !wears(t, root.SpanContext().TraceID().String()) {
		t.Error("a library's child span is not worn")
	}
	child.End()
	if wears(t, child.SpanContext().SpanID().String()) {
		t.Error("an ended span is worn")
	}
	root.End()
	if wears(t, root.SpanContext().SpanID().String()) {
		t.Error("an ended root is worn")
	}
	ended := recorder.Ended()
	if len(ended) != 2 || ended[0].Parent().SpanID() != root.SpanContext().SpanID() || ended[1].Name() != "root" {
		t.Errorf("the SDK saw %v", ended)
	}
}

func TestUnsampledSpansOfTheSDK(t *testing.T) {
	provider, _ := newProvider(sdktrace.WithSampler(sdktrace.NeverSample()))
	_, span := provider.Tracer("test").Start(context.Background(), "root")
	defer span.End()
	if wears(t, "trace_id") {
		t.Error("a span that nobody will keep is worn")
	}
}

func TestAPanicIsAnEventAsWithoutUs(t *testing.T) {
	provider, recorder := newProvider()
	func() {
		defer func() { recover() }()
		_, span := provider.Tracer("test").Start(context.Background(), "panics")
		defer span.End(trace.WithStackTrace(true))
		panic("boom")
	}()
	events := recorder.Ended()[0].Events()
	if len(events) != 1 || events[0].Name != "exception" || len(events[0].Attributes) != 3 {
		t.Fatalf("events %v", events)
	}
	if stack := events[0].Attributes[2].Value.AsString(); !strings.Contains(stack, "TestAPanicIsAnEventAsWithoutUs") {
		t.Errorf("the stack is not that of the panic:\n%s", stack)
	}
}

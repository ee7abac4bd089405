package telemetry

import (
	"context"
	"runtime/pprof"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

var tracer = otel.Tracer("example.com/shop/telemetry")

// Span is a span whose CPU samples are known: from StartSpan to End the goroutine carries its ids as profiler labels.
type Span struct {
	trace.Span
	outer context.Context
}

// StartSpan starts a span and labels the goroutine with it. End must be called on the same goroutine.
// Goroutines started in between inherit the labels.
func StartSpan(ctx context.Context, name string, options ...trace.SpanStartOption) (context.Context, Span) {
	outer := ctx
	ctx, span := tracer.Start(ctx, name, options...)
	ids := span.SpanContext()
	ctx = pprof.WithLabels(ctx, pprof.Labels(
		"trace_id", ids.TraceID().String(),
		"span_id", ids.SpanID().String(),
	))
	pprof.SetGoroutineLabels(ctx)
	return ctx, Span{Span: span, outer: outer}
}

// End ends the span and gives the goroutine back the labels of the span around it.
func (s Span) End(options ...trace.SpanEndOption) {
	pprof.SetGoroutineLabels(s.outer)
	s.Span.End(options...)
}

// Fail records the error as an exception event and marks the span as failed. A nil error changes nothing.
func (s Span) Fail(err error) {
	if err == nil {
		return
	}
	s.RecordError(err, trace.WithStackTrace(false))
	s.SetStatus(codes.Error, err.Error())
}

package telemetry

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

var tracer = otel.Tracer("example.com/shop/telemetry")

// Span is a span that can fail.
type Span struct{ trace.Span }

// StartSpan starts a span that the goroutine wears as profiler labels until its End.
func StartSpan(ctx context.Context, name string, options ...trace.SpanStartOption) (context.Context, Span) {
	ctx, span := tracer.Start(ctx, name, options...)
	return ctx, Span{span}
}

// Fail records the error as an exception event and marks the span as failed. A nil error changes nothing.
func (s Span) Fail(err error) {
	if err == nil {
		return
	}
	s.RecordError(err, trace.WithStackTrace(false))
	s.SetStatus(codes.Error, err.Error())
}

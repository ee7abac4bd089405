package labels

import (
	"context"
	"fmt"
	"runtime/debug"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// TracerProvider returns a provider whose spans are those of inner, and whose sampled spans label the goroutine from
// Start to End. The context that Start returns carries the same labels.
//
// Keep inner for its Shutdown and ForceFlush: what is returned has the methods of the API only. Spans, too, are no
// longer of the SDK's own types.
func TracerProvider(inner trace.TracerProvider) trace.TracerProvider {
	return &tracerProvider{inner}
}

// The interfaces are embedded, so that methods which later releases of the API add are passed on.

type tracerProvider struct{ trace.TracerProvider }

func (p *tracerProvider) Tracer(name string, options ...trace.TracerOption) trace.Tracer {
	return &tracer{Tracer: p.TracerProvider.Tracer(name, options...), provider: p}
}

type tracer struct {
	trace.Tracer
	provider *tracerProvider
}

func (t *tracer) Start(ctx context.Context, name string, options ...trace.SpanStartOption) (context.Context, trace.Span) {
	if ctx == nil {
		ctx = context.Background()
	}
	parent := trace.SpanContextFromContext(ctx)
	inner, started := t.Tracer.Start(ctx, name, options...)
	is := started.SpanContext()
	// Without an SDK a span is its parent once more: there is nothing new to say.
	if !is.IsSampled() || !is.IsValid() || is.IsRemote() || is.SpanID() == parent.SpanID() {
		return inner, started
	}
	labelled, scope := enter(inner, is, parent.IsRemote(), "")
	labelling := &span{Span: started, scope: scope, provider: t.provider}
	return trace.ContextWithSpan(labelled, labelling), labelling
}

type span struct {
	trace.Span
	scope    *scope
	provider *tracerProvider
}

func (s *span) TracerProvider() trace.TracerProvider { return s.provider }

func (s *span) End(options ...trace.SpanEndOption) {
	// The SDK notes a panic that passes a deferred End. Go tells of it only to the deferred function itself, which is
	// this one.
	if recovered := recover(); recovered != nil {
		defer panic(recovered)
		exception := []attribute.KeyValue{
			attribute.String("exception.type", fmt.Sprintf("%T", recovered)),
			attribute.String("exception.message", fmt.Sprint(recovered)),
		}
		if config := trace.NewSpanEndConfig(options...); config.StackTrace() {
			exception = append(exception, attribute.String("exception.stacktrace", string(debug.Stack())))
		}
		s.Span.AddEvent("exception", trace.WithAttributes(exception...))
	}
	s.scope.leave()
	s.Span.End(options...)
}

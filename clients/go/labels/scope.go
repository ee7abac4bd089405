package labels

import (
	"context"
	"runtime/pprof"
	"sync/atomic"

	"go.opentelemetry.io/otel/trace"
)

// A scope is one set of labels that we put on a goroutine, for a span or for a Do.
type scope struct {
	worn   dress
	before dress
	// outer is the scope that before belongs to, nil when it is none of the family's.
	outer  *scope
	family *family
	ended  atomic.Bool
}

// A family is the scopes of one local root: of one request, in one process.
type family struct {
	traceID trace.TraceID
	// The last few scopes, so that a goroutine that wears one of another goroutine's making finds out whose it is.
	// One that is forgotten is left alone as a stranger's would be.
	recent [32]atomic.Pointer[scope]
	count  atomic.Uint32
}

type scopeKey struct{}

func scopeOf(ctx context.Context) *scope {
	s, _ := ctx.Value(scopeKey{}).(*scope)
	return s
}

// enter labels ctx and this goroutine with a local, sampled span.
// It returns the context with the labels, and the scope that leave ends.
func enter(ctx context.Context, span trace.SpanContext, newRoot bool, endpoint string) (context.Context, *scope) {
	parent := scopeOf(ctx)
	spanID := span.SpanID().String()
	pairs := make([]string, 0, 8)
	if endpoint != "" {
		pairs = append(pairs, "endpoint", endpoint)
	}
	var of *family
	if newRoot || parent == nil || parent.family.traceID != span.TraceID() {
		of = &family{traceID: span.TraceID()}
		pairs = append(pairs, "local_root_span_id", spanID, "span_id", spanID, "trace_id", span.TraceID().String())
	} else {
		of = parent.family // the context carries the labels of all its spans already
		pairs = append(pairs, "span_id", spanID)
	}
	s := &scope{family: of}
	labelled := pprof.WithLabels(context.WithValue(ctx, scopeKey{}, s), pprof.Labels(pairs...))
	s.before, s.worn = putOn(ctx, labelled)
	if parent != nil && parent.family == of && (!readable || parent.worn == s.before) {
		s.outer = parent
	} else {
		s.outer = of.find(s.before)
	}
	if s.outer != nil && s.outer.ended.Load() { // now rather than at the end, or ended scopes would hold one another for ever
		s.before, s.outer = s.outer.beneath()
	}
	of.recent[of.count.Add(1)%uint32(len(of.recent))].Store(s)
	return labelled, s
}

// leave may be called on any goroutine and more than once.
func (s *scope) leave() {
	if s.ended.Swap(true) {
		return
	}
	owner := s
	if worn := wornNow(); readable && worn != s.worn {
		owner = s.family.find(worn)
	}
	if owner != nil && owner.ended.Load() {
		bare, _ := owner.beneath()
		bare.putBack()
	}
}

// beneath is what a goroutine that wears an ended scope should wear instead, and whose that is.
func (s *scope) beneath() (dress, *scope) {
	for s.outer != nil && s.outer.ended.Load() {
		s = s.outer
	}
	return s.before, s.outer
}

func (f *family) find(worn dress) *scope {
	for i := range f.recent {
		if s := f.recent[i].Load(); s != nil && s.worn == worn {
			return s
		}
	}
	return nil
}

// Do calls f with the goroutine labelled as working for an endpoint, and for the span in ctx if there is one that is
// sampled. The goroutine has its former labels back when f returns or panics. Goroutines started by f inherit them.
//
// It is for what does not come in over HTTP: jobs, messages, calls of other protocols. A gRPC server:
//
//	grpc.UnaryInterceptor(func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (answer any, err error) {
//		labels.Do(ctx, strings.TrimPrefix(info.FullMethod, "/"), func(ctx context.Context) { answer, err = next(ctx, req) })
//		return answer, err
//	})
//
// An empty endpoint sets none.
func Do(ctx context.Context, endpoint string, f func(context.Context)) {
	span := trace.SpanContextFromContext(ctx)
	switch {
	case span.IsSampled() && span.IsValid() && !span.IsRemote():
		labelled, s := enter(ctx, span, false, endpoint)
		defer func() {
			// The goroutine is known to be the one that came in, so whatever it wears by now goes.
			s.ended.Store(true)
			bare, _ := s.beneath()
			bare.putBack()
		}()
		f(labelled)
	case span.IsSampled() && span.IsValid(): // known from the caller's header alone: its span is not one of this process
		doLabelled(ctx, f, "trace_id", span.TraceID().String(), endpoint)
	default:
		doLabelled(ctx, f, "", "", endpoint)
	}
}

func doLabelled(ctx context.Context, f func(context.Context), key, value, endpoint string) {
	pairs := make([]string, 0, 4)
	if endpoint != "" {
		pairs = append(pairs, "endpoint", endpoint)
	}
	if key != "" {
		pairs = append(pairs, key, value)
	}
	labelled := pprof.WithLabels(ctx, pprof.Labels(pairs...))
	before, _ := putOn(ctx, labelled)
	defer before.putBack()
	f(labelled)
}

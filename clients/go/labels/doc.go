// Package labels puts the trace, the span and the endpoint of a request on the goroutines that serve it, as profiler
// labels. Go's CPU and goroutine profiles carry them, and so each sample says which request paid for it.
//
//	handler := labels.Handler(mux)                                 // endpoint, trace_id and span_id of each request
//	otel.SetTracerProvider(labels.TracerProvider(tracerProvider))  // and those of the child span that is running
//
// The labels are trace_id, span_id, local_root_span_id and endpoint. They are set on sampled spans alone: nobody will
// ever ask for the samples of a trace that was not kept.
//
// # Why the provider is wrapped
//
// A span processor of the SDK sees spans start, too. But it cannot change the context that Start returns, so every
// [pprof.Do] within the span would put the labels of an outer span back, and it is told of an end without being told
// what was there before. A wrapped provider needs the API alone and puts the labels in the context, where all of Go
// expects them: a goroutine that takes work from a channel labels itself with [pprof.SetGoroutineLabels](ctx).
//
// # Where labels go when spans end
//
// A goroutine inherits the labels of the one that started it, and any goroutine may end any span. So an end does not
// simply put back what was there at the start: that would dress the goroutine of some pool in the clothes of a request
// it has nothing to do with. Instead each span remembers what its goroutine wore before, and whoever ends a span looks
// at what is worn here and now. If it belongs to a span that has ended, it is taken off, down to something that belongs
// to a span still running or was not put on by us. Anything else is left alone.
//
//	start A            wears A
//	  start B          wears B, before: A
//	    A ends         wears B: B is still running
//	  B ends           takes off B, takes off A: wears what it wore before A
//
// A goroutine whose span was ended by another one wears it until the next start or end here, at the latest until
// [Handler] or [Do] returns.
package labels

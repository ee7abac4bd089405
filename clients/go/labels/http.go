package labels

import (
	"context"
	"net/http"
	"strings"
)

// Handler labels the goroutine that serves a request with its endpoint, as in "GET /products/{id}", and with the span
// that is in the request's context. Place it inside the middleware that starts that span: with otelhttp,
//
//	otelhttp.NewHandler(labels.Handler(mux), "shop")
//
// The endpoint is the pattern of an [http.ServeMux] that is given directly, or the pattern that has already been
// matched when a single route is wrapped. Other routers say it by [WithEndpoint]. If nobody does, samples go without
// one, and Hotspan takes the route from their span.
func Handler(next http.Handler, options ...Option) http.Handler {
	h := &handler{next: next, endpoint: matchedEndpoint}
	if mux, ok := next.(*http.ServeMux); ok {
		h.endpoint = muxEndpoint(mux)
	}
	for _, option := range options {
		option(h)
	}
	return h
}

// Middleware is [Handler] in the form that routers take: router.Use(labels.Middleware(...)).
func Middleware(options ...Option) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler { return Handler(next, options...) }
}

// Option changes a [Handler].
type Option func(*handler)

// WithEndpoint says how the endpoint of a request is found: "" when it has none. There must be few of them: a route,
// never a path. It is asked before the request is served, so it has to match the route itself. With chi:
//
//	labels.WithEndpoint(func(r *http.Request) string {
//		match := chi.NewRouteContext()
//		if !router.Match(match, r.Method, r.URL.Path) {
//			return r.Method + " (unmatched)"
//		}
//		return r.Method + " " + match.RoutePattern()
//	})
func WithEndpoint(find func(*http.Request) string) Option {
	return func(h *handler) { h.endpoint = find }
}

type handler struct {
	next     http.Handler
	endpoint func(*http.Request) string
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	Do(r.Context(), h.endpoint(r), func(ctx context.Context) {
		labelled := r.WithContext(ctx)
		h.next.ServeHTTP(w, labelled)
		r.Pattern = labelled.Pattern // as a middleware further out would find it without us
	})
}

func muxEndpoint(mux *http.ServeMux) func(*http.Request) string {
	return func(r *http.Request) string {
		_, pattern := mux.Handler(r)
		if pattern == "" {
			return r.Method + " (unmatched)"
		}
		return endpointOf(r.Method, pattern)
	}
}

func matchedEndpoint(r *http.Request) string {
	if r.Pattern == "" {
		return ""
	}
	return endpointOf(r.Method, r.Pattern)
}

// endpointOf is the method and the path of a pattern "[METHOD ][HOST]/[PATH]", as the span's http.route has it.
func endpointOf(method, pattern string) string {
	path := strings.IndexByte(pattern, '/')
	if path < 0 {
		return ""
	}
	if pattern[:path] == method+" " {
		return pattern
	}
	return method + " " + pattern[path:]
}

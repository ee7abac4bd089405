// Package gateway is the shop's front: products with their reviews, search, and orders.
package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"example.com/shop/shopdb"
	"example.com/shop/telemetry"
	"go.opentelemetry.io/otel/trace"
)

// Gateway answers the shop's public requests.
type Gateway struct {
	DB           *shopdb.DB
	InventoryURL string
	PricingURL   string
}

var errNotFound = errors.New("no such product")

// upstream opens a connection for every call. It is what a client looks like that somebody made "safe" once.
var upstream = &http.Client{
	Timeout:   10 * time.Second,
	Transport: &http.Transport{DisableKeepAlives: true},
}

// Routes are the patterns that become http.route and the endpoint of every sample.
func (g *Gateway) Routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /products/{id}", g.GetProduct)
	mux.HandleFunc("GET /search", g.SearchProducts)
	mux.HandleFunc("GET /orders", g.ListOrders)
	mux.HandleFunc("POST /orders", g.CreateOrder)
	return mux
}

// call asks another service and decodes its JSON answer.
func call(ctx context.Context, method, url string, answer any) error {
	request, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return err
	}
	response, err := telemetry.Do(upstream, request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s", method, request.URL.Path, response.Status)
	}
	return json.NewDecoder(response.Body).Decode(answer)
}

func reply(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(value)
}

// refuse answers with an error and records it as an exception on the request's span.
func refuse(ctx context.Context, w http.ResponseWriter, err error) {
	if errors.Is(err, errNotFound) {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	trace.SpanFromContext(ctx).RecordError(err)
	http.Error(w, err.Error(), http.StatusInternalServerError)
}

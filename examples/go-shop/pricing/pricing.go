// Package pricing is slow without computing: it waits for a market and for its own lock.
package pricing

import (
	"context"
	"encoding/json"
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"example.com/shop/telemetry"
)

// Pricing keeps a price book that is refreshed from a market far away.
type Pricing struct {
	mu        sync.Mutex
	refreshed time.Time
}

const bookLifetime = 3 * time.Second

// Routes are the patterns that become http.route and the endpoint of every sample.
func (pricing *Pricing) Routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /prices/{sku}", pricing.GetPrice)
	return mux
}

// GetPrice looks the price up in the book.
func (pricing *Pricing) GetPrice(w http.ResponseWriter, r *http.Request) {
	cents := pricing.lookUp(r.Context(), r.PathValue("sku"))
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]int{"cents": cents})
}

// lookUp holds the lock while an old book is refreshed, so that everybody waits for whoever came first.
func (pricing *Pricing) lookUp(ctx context.Context, sku string) int {
	ctx, span := telemetry.StartSpan(ctx, "lookUpPrice")
	defer span.End()
	pricing.mu.Lock()
	defer pricing.mu.Unlock()
	if time.Since(pricing.refreshed) > bookLifetime {
		refreshPriceBook(ctx)
		pricing.refreshed = time.Now()
	}
	time.Sleep(time.Duration(2+rand.IntN(6)) * time.Millisecond)
	hash := fnv.New32a()
	hash.Write([]byte(sku))
	return 100 + int(hash.Sum32()%20_000)
}

// refreshPriceBook stands for a call to a market that takes its time.
func refreshPriceBook(ctx context.Context) {
	_, span := telemetry.StartSpan(ctx, "refreshPriceBook")
	defer span.End()
	time.Sleep(time.Duration(120+rand.IntN(260)) * time.Millisecond)
}

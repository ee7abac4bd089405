// Package load visits the shop as a crowd does: in waves, mostly looking, sometimes buying.
package load

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"time"
)

// Run sends requests to the gateway until the context ends. rate is the mean number of requests a second; the crowd
// swells and thins by half around it, once in five minutes.
func Run(ctx context.Context, gateway string, rate float64, products, bigProducts int) {
	client := &http.Client{Timeout: 30 * time.Second}
	for !isOpen(ctx, client, gateway) {
		time.Sleep(100 * time.Millisecond)
	}
	began := time.Now()
	for {
		wave := 1 + 0.5*math.Sin(2*math.Pi*time.Since(began).Seconds()/300)
		pause := rand.ExpFloat64() / (rate * wave)
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Duration(pause * float64(time.Second))):
		}
		method, path := next(products, bigProducts)
		go visit(ctx, client, method, gateway+path)
	}
}

var searches = []string{"oak", "steel", "round", "soft", "copper", "table"}

func next(products, bigProducts int) (method, path string) {
	product := fmt.Sprintf("p-%d", bigProducts+rand.IntN(products-bigProducts))
	switch dice := rand.IntN(1000); {
	case dice < 5:
		return "GET", fmt.Sprintf("/products/p-%d", rand.IntN(bigProducts))
	case dice < 8:
		return "GET", "/products/p-gone"
	case dice < 450:
		return "GET", "/products/" + product
	case dice < 600:
		return "GET", "/search?q=" + searches[rand.IntN(len(searches))]
	case dice < 800:
		return "GET", "/orders"
	default:
		return "POST", "/orders?product=" + product
	}
}

// isOpen says true as well when the context has ended: there is nothing left to wait for.
func isOpen(ctx context.Context, client *http.Client, gateway string) bool {
	request, err := http.NewRequestWithContext(ctx, "GET", gateway+"/orders", nil)
	if err != nil {
		return true
	}
	response, err := client.Do(request)
	if err != nil {
		return ctx.Err() != nil
	}
	response.Body.Close()
	return true
}

func visit(ctx context.Context, client *http.Client, method, url string) {
	request, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		slog.Warn("no request", "error", err)
		return
	}
	response, err := client.Do(request)
	if err != nil {
		if ctx.Err() == nil {
			slog.Warn("no answer", "error", err)
		}
		return
	}
	io.Copy(io.Discard, response.Body)
	response.Body.Close()
}

package gateway

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"

	"example.com/shop/telemetry"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// Order is what somebody bought.
type Order struct {
	ID         string `json:"id"`
	ProductID  string `json:"productId"`
	Quantity   int    `json:"quantity"`
	TotalCents int    `json:"totalCents"`
	Invoice    string `json:"invoice,omitempty"`
}

var errPaymentRefused = errors.New("payment provider refused: card expired")

// ListOrders shows the newest orders.
func (g *Gateway) ListOrders(w http.ResponseWriter, r *http.Request) {
	orders := []Order{}
	err := g.DB.Query(r.Context(),
		"SELECT id, product_id, quantity, total_cents FROM orders ORDER BY rowid DESC LIMIT 50",
		func(rows *sql.Rows) error {
			var order Order
			err := rows.Scan(&order.ID, &order.ProductID, &order.Quantity, &order.TotalCents)
			orders = append(orders, order)
			return err
		})
	if err != nil {
		refuse(r.Context(), w, err)
		return
	}
	reply(w, orders)
}

// CreateOrder reserves the goods, asks the price, writes the invoice, takes the money and stores the order.
func (g *Gateway) CreateOrder(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	order := Order{
		ID:        fmt.Sprintf("o-%08x", rand.Uint32()),
		ProductID: r.URL.Query().Get("product"),
		Quantity:  1 + rand.IntN(40),
	}
	trace.SpanFromContext(ctx).SetAttributes(attribute.String("shop.order.id", order.ID), attribute.Int("shop.order.quantity", order.Quantity))
	if err := g.placeOrder(ctx, &order); err != nil {
		refuse(ctx, w, err)
		return
	}
	reply(w, order)
}

func (g *Gateway) placeOrder(ctx context.Context, order *Order) error {
	var reserved struct{ Available int }
	if err := call(ctx, "POST", fmt.Sprintf("%s/reservations?sku=%s", g.InventoryURL, order.ProductID), &reserved); err != nil {
		return err
	}
	var price struct{ Cents int }
	if err := call(ctx, "GET", g.PricingURL+"/prices/"+order.ProductID, &price); err != nil {
		return err
	}
	order.TotalCents = price.Cents * order.Quantity
	order.Invoice = writeInvoice(ctx, order, price.Cents)
	if err := chargeCard(ctx, order.TotalCents); err != nil {
		return err
	}
	return g.DB.Exec(ctx, "INSERT INTO orders (id, product_id, quantity, total_cents, invoice) VALUES (?, ?, ?, ?, ?)",
		order.ID, order.ProductID, order.Quantity, order.TotalCents, order.Invoice)
}

// writeInvoice adds line after line to a string, which copies the whole text each time: the garbage collector's day job.
func writeInvoice(ctx context.Context, order *Order, cents int) string {
	_, span := telemetry.StartSpan(ctx, "writeInvoice")
	defer span.End()
	invoice := "Invoice " + order.ID + "\n" + strings.Repeat("=", 60) + "\n"
	for line := range order.Quantity * 20 {
		invoice += fmt.Sprintf("%4d  %-30s %10.2f\n", line+1, order.ProductID, float64(cents)/100)
	}
	return invoice
}

// chargeCard stands for the payment provider, which refuses a few cards in a hundred.
func chargeCard(ctx context.Context, cents int) error {
	_, span := telemetry.StartSpan(ctx, "chargeCard", trace.WithAttributes(attribute.Int("shop.payment.cents", cents)))
	defer span.End()
	if rand.IntN(100) < 4 {
		span.Fail(errPaymentRefused)
		return errPaymentRefused
	}
	return nil
}

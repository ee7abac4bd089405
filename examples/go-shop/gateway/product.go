package gateway

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"sync"

	"example.com/shop/telemetry"
)

// Product is one page of the shop.
type Product struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Reviews     []Review `json:"reviews"`
	InStock     int      `json:"inStock"`
	PriceCents  int      `json:"priceCents"`
}

// Review is what one customer says.
type Review struct {
	Author string `json:"author"`
	Stars  int    `json:"stars"`
	Text   string `json:"text"`
}

// GetProduct shows a product with its reviews, its stock and its price.
func (g *Gateway) GetProduct(w http.ResponseWriter, r *http.Request) {
	product, err := g.GetProductByID(r.Context(), r.PathValue("id"))
	if err != nil {
		refuse(r.Context(), w, err)
		return
	}
	reply(w, product)
}

// GetProductByID reads the product, then asks for its stock and its price at the same time.
func (g *Gateway) GetProductByID(ctx context.Context, id string) (product *Product, err error) {
	ctx, span := telemetry.StartSpan(ctx, "GetProductByID")
	defer span.End()
	defer func() { span.Fail(err) }()

	product = &Product{}
	err = g.DB.Query(ctx, "SELECT id, name, description FROM products WHERE id = ?", func(rows *sql.Rows) error {
		return rows.Scan(&product.ID, &product.Name, &product.Description)
	}, id)
	if err != nil {
		return nil, err
	}
	if product.ID == "" {
		return nil, errNotFound
	}
	if product.Reviews, err = g.loadProductReviews(ctx, id); err != nil {
		return nil, err
	}

	var stock struct{ Available int }
	var price struct{ Cents int }
	var stockErr, priceErr error
	var both sync.WaitGroup
	both.Go(func() { stockErr = call(ctx, "GET", g.InventoryURL+"/stock/"+id, &stock) })
	both.Go(func() { priceErr = call(ctx, "GET", g.PricingURL+"/prices/"+id, &price) })
	both.Wait()
	product.InStock, product.PriceCents = stock.Available, price.Cents
	return product, errors.Join(stockErr, priceErr)
}

// loadProductReviews asks for the keys of the reviews, then for one review after another, by a column without an
// index: an N+1 whose every query walks the whole table. It is the flaw this shop is here to show.
func (g *Gateway) loadProductReviews(ctx context.Context, productID string) (reviews []Review, err error) {
	ctx, span := telemetry.StartSpan(ctx, "loadProductReviews")
	defer span.End()
	defer func() { span.Fail(err) }()

	var keys []string
	err = g.DB.Query(ctx, "SELECT review_key FROM reviews WHERE product_id = ?", func(rows *sql.Rows) error {
		var key string
		err := rows.Scan(&key)
		keys = append(keys, key)
		return err
	}, productID)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		err := g.DB.Query(ctx, "SELECT author, stars, body FROM reviews WHERE review_key = ?", func(rows *sql.Rows) error {
			var review Review
			err := rows.Scan(&review.Author, &review.Stars, &review.Text)
			reviews = append(reviews, review)
			return err
		}, key)
		if err != nil {
			return nil, err
		}
	}
	return reviews, nil
}

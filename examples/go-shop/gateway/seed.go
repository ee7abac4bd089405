package gateway

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"

	"example.com/shop/shopdb"
)

const (
	// Products is how many the shop has, p-0 to p-(Products-1).
	Products = 600
	// BigProducts are the first of them, which everybody has an opinion on.
	BigProducts = 6
	// oldReviews are of products that are no longer sold. Nobody reads them; every query walks over them.
	oldReviews = 30_000
)

const schema = `
CREATE TABLE products (id TEXT PRIMARY KEY, name TEXT, description TEXT, attributes TEXT);
CREATE TABLE reviews (product_id TEXT, review_key TEXT, author TEXT, stars INTEGER, body TEXT);
CREATE INDEX reviews_product ON reviews (product_id);
CREATE TABLE orders (id TEXT PRIMARY KEY, product_id TEXT, quantity INTEGER, total_cents INTEGER, invoice TEXT);
`

var words = strings.Fields(`solid oak walnut steel linen cotton copper brass glass stone table chair lamp shelf desk mug
bowl kettle blanket cushion rug clock mirror frame light dark small large round square tall low warm soft quiet sturdy`)

// Seed fills the database with the same products and reviews every time.
func Seed(db *shopdb.DB) error {
	random := rand.New(rand.NewPCG(1, 2))
	text := func(count int) string {
		picked := make([]string, count)
		for i := range picked {
			picked[i] = words[random.IntN(len(words))]
		}
		return strings.Join(picked, " ")
	}
	return db.Seed(schema, func(tx *sql.Tx) error {
		review := func(product string, number, words int) error {
			key := fmt.Sprintf("%s/r-%d", product, number)
			_, err := tx.Exec("INSERT INTO reviews VALUES (?, ?, ?, ?, ?)", product, key, text(2), 1+random.IntN(5), text(words))
			return err
		}
		for number := range oldReviews {
			if err := review("p-old", number, 12); err != nil {
				return err
			}
		}
		for product := range Products {
			id := fmt.Sprintf("p-%d", product)
			attributes := map[string]any{}
			for range 12 {
				attributes[text(1)+" "+text(1)] = []any{text(1), random.IntN(1000), random.Float64(), map[string]any{"unit": text(1), "checked": true}}
			}
			encoded, err := json.Marshal(attributes)
			if err != nil {
				return err
			}
			if _, err := tx.Exec("INSERT INTO products VALUES (?, ?, ?, ?)", id, text(3), text(40), string(encoded)); err != nil {
				return err
			}
			reviews := random.IntN(6)
			switch {
			case product < BigProducts:
				reviews = 400
			case product%11 == 0:
				reviews = 20 + random.IntN(40)
			}
			for number := range reviews {
				if err := review(id, number, 60); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// Package inventory knows what is in stock.
package inventory

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"

	"example.com/shop/shopdb"
)

// Inventory answers for the stock in one database.
type Inventory struct{ DB *shopdb.DB }

// Routes are the patterns that become http.route and the endpoint of every sample.
func (inventory *Inventory) Routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /stock/{sku}", inventory.GetStock)
	mux.HandleFunc("POST /reservations", inventory.Reserve)
	return mux
}

// GetStock counts what the warehouses hold.
func (inventory *Inventory) GetStock(w http.ResponseWriter, r *http.Request) {
	inventory.answer(w, r, r.PathValue("sku"))
}

// Reserve takes one piece from the fullest warehouse.
func (inventory *Inventory) Reserve(w http.ResponseWriter, r *http.Request) {
	sku := r.URL.Query().Get("sku")
	err := inventory.DB.Exec(r.Context(),
		"UPDATE stock SET pieces = pieces - 1 WHERE rowid = (SELECT rowid FROM stock WHERE sku = ? ORDER BY pieces DESC LIMIT 1)", sku)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	inventory.answer(w, r, sku)
}

func (inventory *Inventory) answer(w http.ResponseWriter, r *http.Request, sku string) {
	var pieces int
	err := inventory.DB.Query(r.Context(), "SELECT coalesce(sum(pieces), 0) FROM stock WHERE sku = ?", func(rows *sql.Rows) error {
		return rows.Scan(&pieces)
	}, sku)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]int{"available": pieces})
}

// Seed fills the warehouses. Rows are not indexed by sku: each question walks them all.
func Seed(db *shopdb.DB, products int) error {
	return db.Seed("CREATE TABLE stock (warehouse TEXT, sku TEXT, pieces INTEGER)", func(tx *sql.Tx) error {
		for warehouse := range 12 {
			for product := range products {
				_, err := tx.Exec("INSERT INTO stock VALUES (?, ?, ?)",
					fmt.Sprintf("w-%d", warehouse), fmt.Sprintf("p-%d", product), 100+product%50)
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
}

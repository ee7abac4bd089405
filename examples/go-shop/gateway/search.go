package gateway

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"

	"example.com/shop/telemetry"
)

// Hit is one found product with everything the page could ever want to show.
type Hit struct {
	ID          string         `json:"id"`
	Name        string         `json:"name"`
	Description string         `json:"description"`
	Attributes  map[string]any `json:"attributes"`
}

// SearchProducts finds products by a word. Nearly all of its time goes into JSON: it sends every hit whole, reads the
// attributes into maps, and encodes the answer once for its ETag and once more, indented, for the client.
func (g *Gateway) SearchProducts(w http.ResponseWriter, r *http.Request) {
	hits, err := g.findProducts(r.Context(), r.URL.Query().Get("q"))
	if err != nil {
		refuse(r.Context(), w, err)
		return
	}
	body, etag, err := encodeHits(r.Context(), hits)
	if err != nil {
		refuse(r.Context(), w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("ETag", etag)
	w.Write(body)
}

func (g *Gateway) findProducts(ctx context.Context, word string) ([]Hit, error) {
	var hits []Hit
	err := g.DB.Query(ctx, "SELECT id, name, description, attributes FROM products", func(rows *sql.Rows) error {
		var hit Hit
		var attributes string
		if err := rows.Scan(&hit.ID, &hit.Name, &hit.Description, &attributes); err != nil {
			return err
		}
		if !strings.Contains(strings.ToLower(hit.Name+" "+hit.Description), strings.ToLower(word)) {
			return nil
		}
		hits = append(hits, hit)
		return json.Unmarshal([]byte(attributes), &hits[len(hits)-1].Attributes)
	})
	return hits, err
}

func encodeHits(ctx context.Context, hits []Hit) (body []byte, etag string, err error) {
	_, span := telemetry.StartSpan(ctx, "encodeHits")
	defer span.End()
	defer func() { span.Fail(err) }()

	compact, err := json.Marshal(hits)
	if err != nil {
		return nil, "", err
	}
	sum := sha256.Sum256(compact)
	var indented bytes.Buffer
	encoder := json.NewEncoder(&indented)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(hits); err != nil {
		return nil, "", err
	}
	return indented.Bytes(), `"` + hex.EncodeToString(sum[:8]) + `"`, nil
}

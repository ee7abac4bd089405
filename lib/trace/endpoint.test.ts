import { expect, test } from "vitest";
import { endpointOf } from "@/lib/trace/endpoint";

const cases: readonly (readonly [string, string, Record<string, string>])[] = [
  ["GET /orders/{id}", "GET /orders/{id}", { "http.request.method": "GET", "http.route": "/orders/{id}" }],
  ["POST /old", "/old", { "http.method": "POST", "http.route": "/old" }],
  ["GET /app/[id]", "GET", { "http.method": "GET", "next.route": "/app/[id]" }],
  [
    "PURGE /cache",
    "HTTP",
    { "http.request.method": "_OTHER", "http.request.method_original": "PURGE", "http.route": "/cache" },
  ],
  ["GET (unmatched)", "GET", { "http.request.method": "GET", "url.path": "/api/orders/7" }],
  ["GET (unmatched)", "HTTP GET", { "http.method": "GET" }],
  ["GetProduct", "GetProduct", { "http.request.method": "GET" }],
  ["shop.Cart/Add", "x", { "rpc.system.name": "grpc", "rpc.method": "shop.Cart/Add" }],
  ["shop.Cart/Add", "x", { "rpc.system": "grpc", "rpc.service": "shop.Cart", "rpc.method": "Add" }],
  ["process orders", "x", { "messaging.operation.name": "process", "messaging.destination.name": "orders" }],
  ["receive orders", "x", { "messaging.operation": "receive", "messaging.destination": "orders" }],
  [
    "process order-{id}",
    "x",
    {
      "messaging.operation.type": "process",
      "messaging.destination.template": "order-{id}",
      "messaging.destination.name": "order-7",
    },
  ],
  ["nightly cleanup", "nightly cleanup", {}],
];

test.each(cases)("%s", (endpoint, name, attributes) => {
  expect(endpointOf(name, new Map(Object.entries(attributes)))).toBe(endpoint);
});

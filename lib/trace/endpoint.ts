import type { Attributes } from "@/lib/trace/span";

const METHODS = new Set([
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "OPTIONS",
  "TRACE",
  "CONNECT",
  "QUERY",
]);

/**
 * The endpoint that an entry span served, from the semantic conventions of both generations (new names first):
 * `GET /orders/{id}`, `pkg.Svc/Method`, `process orders`, else the span's name, which conventions keep to few values.
 * A request that no route matched is "GET (unmatched)", never its path: paths are as many as there are requests.
 */
export function endpointOf(name: string, attributes: Attributes): string {
  const method = httpMethod(attributes);
  const route = first(attributes, "http.route", "next.route");
  if (method !== "" && route !== "") return `${method} ${route}`;

  const rpcMethod = attributes.get("rpc.method") ?? "";
  if (rpcMethod.includes("/")) return rpcMethod;
  const rpcService = attributes.get("rpc.service") ?? "";
  if (rpcMethod !== "" && rpcService !== "") return `${rpcService}/${rpcMethod}`;

  const destination = first(
    attributes,
    "messaging.destination.template",
    "messaging.destination.name",
    "messaging.destination",
  );
  if (destination !== "") {
    const operation = first(
      attributes,
      "messaging.operation.name",
      "messaging.operation.type",
      "messaging.operation",
    );
    return operation === "" ? destination : `${operation} ${destination}`;
  }

  // Instrumentations that found no route name the span after the method alone, old ones "HTTP GET".
  const bare = name.replace(/^HTTP /, "");
  if (method !== "" && (bare === "" || bare === "HTTP" || bare === method || METHODS.has(bare))) {
    return `${method} (unmatched)`;
  }
  return name;
}

function httpMethod(attributes: Attributes): string {
  const method = first(attributes, "http.request.method", "http.method");
  return method === "_OTHER" ? (attributes.get("http.request.method_original") ?? method) : method;
}

function first(attributes: Attributes, ...keys: readonly string[]): string {
  for (const key of keys) {
    const value = attributes.get(key);
    if (value !== undefined && value !== "") return value;
  }
  return "";
}

/** A span as the SDKs of OpenTelemetry 1 and 2 let everyone read it. */
export interface ReadableSpan {
  readonly name: string;
  readonly ended: boolean;
  readonly attributes: Readonly<Record<string, unknown>>;
}

const METHODS = /^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE|CONNECT|QUERY)$/;

/**
 * The endpoint that an entry span served, by the rules of Hotspan itself (its lib/trace/endpoint.ts; a test holds the two
 * against each other), so that samples and spans meet under one name.
 */
export function endpointOf({ name, attributes }: Pick<ReadableSpan, "name" | "attributes">): string {
  const read = (...keys: readonly string[]): string => {
    for (const key of keys) {
      const value = attributes[key];
      if (value !== undefined && value !== null && value !== "") return String(value);
    }
    return "";
  };

  const known = read("http.request.method", "http.method");
  const method = known === "_OTHER" ? read("http.request.method_original") || known : known;
  const route = read("http.route", "next.route");
  if (method !== "" && route !== "") return `${method} ${route}`;

  const rpcMethod = read("rpc.method");
  if (rpcMethod.includes("/")) return rpcMethod;
  const rpcService = read("rpc.service");
  if (rpcMethod !== "" && rpcService !== "") return `${rpcService}/${rpcMethod}`;

  const destination = read(
    "messaging.destination.template",
    "messaging.destination.name",
    "messaging.destination",
  );
  if (destination !== "") {
    const operation = read("messaging.operation.name", "messaging.operation.type", "messaging.operation");
    return operation === "" ? destination : `${operation} ${destination}`;
  }

  const bare = name.replace(/^HTTP /, "");
  const saysMethodAlone = bare === "" || bare === "HTTP" || bare === method || METHODS.test(bare);
  return method !== "" && saysMethodAlone ? `${method} (unmatched)` : name;
}

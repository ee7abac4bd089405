import { channel } from "node:diagnostics_channel";
import { context, type Span, trace } from "@opentelemetry/api";

/**
 * Express leaves the route on the request: `GET /orders/:id` without an instrumentation of its own. Called when the
 * response ends. A route that an instrumentation found stays.
 */
export function addRoute(span: Span, request: unknown): void {
  if ("attributes" in span && hasRoute(span.attributes)) return;
  const route = expressRoute(request);
  if (route !== undefined) setRoute(span, route);
}

/**
 * Of routes of the app itself. What a nested router was reached by (`baseUrl`) is the path that was asked for, with the
 * values of its parameters in it, which are as many as there are requests; its routes are left to the instrumentation of
 * Express. An error on its way out forgets `baseUrl`, so a route is taken only where it fits the whole path.
 */
export function expressRoute(request: unknown): string | undefined {
  if (!isRecord(request) || !isRecord(request.route)) return undefined;
  const { path } = request.route;
  const { baseUrl = "", originalUrl } = request;
  if (baseUrl !== "") return undefined;
  if (typeof path !== "string" || typeof originalUrl !== "string") return undefined;
  return fits(path, originalUrl.replace(/[?#].*$/s, "")) ? path : undefined;
}

function fits(route: string, path: string): boolean {
  const parts = path.replace(/(?<=.)\/$/, "").split("/");
  const patterns = route.replace(/(?<=.)\/$/, "").split("/");
  for (const [index, pattern] of patterns.entries()) {
    if (/[*{}?+()]/.test(pattern)) return true; // From here on it may be of any length.
    const part = parts[index];
    if (part === undefined) return false;
    // Express compares without case unless told otherwise.
    if (!pattern.includes(":") && pattern.toLowerCase() !== part.toLowerCase()) return false;
  }
  return patterns.length === parts.length;
}

/** Fastify tells of every server it makes; a hook of ours then names the route as soon as it is known. */
export function watchFastify(): void {
  channel("fastify.initialization").subscribe((message) => {
    if (!isRecord(message) || !isRecord(message.fastify)) return;
    const { addHook } = message.fastify;
    if (typeof addHook !== "function") return;
    addHook.call(message.fastify, "onRequest", (request: unknown, _reply: unknown, done: () => void) => {
      const span = trace.getSpan(context.active());
      const options = isRecord(request) ? request.routeOptions : undefined;
      if (span !== undefined && isRecord(options) && typeof options.url === "string") {
        setRoute(span, options.url);
      }
      done();
    });
  });
}

function setRoute(span: Span, route: string): void {
  span.setAttribute("http.route", route);
  const method =
    "attributes" in span && isRecord(span.attributes) ? span.attributes["http.request.method"] : undefined;
  if (typeof method === "string") span.updateName(`${method} ${route}`);
}

function hasRoute(attributes: unknown): boolean {
  return isRecord(attributes) && attributes["http.route"] !== undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

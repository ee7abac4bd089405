import { describe, expect, test } from "vitest";
import { endpointOf as hotspanEndpointOf } from "@/lib/trace/endpoint";
import { endpointOf } from "../src/endpoint";
import { expressRoute } from "../src/http-route";
import { whyCapture } from "../src/load-watch";
import { readOptions, underUrl } from "../src/options";
import { createThrottle } from "../src/own-share";

describe("the endpoint on a sample is the one that Hotspan reads from the span", () => {
  const VALUES: Record<string, readonly string[]> = {
    "http.request.method": ["GET", "_OTHER"],
    "http.request.method_original": ["BREW"],
    "http.method": ["POST"],
    "http.route": ["/orders/:id"],
    "next.route": ["/app/[id]"],
    "rpc.method": ["pkg.Svc/Method", "Method"],
    "rpc.service": ["pkg.Svc"],
    "messaging.destination.name": ["orders"],
    "messaging.destination": ["old-orders"],
    "messaging.operation.name": ["process"],
    "messaging.operation": ["receive"],
  };
  /** Every combination: 3^2 * 2^9 sets of attributes. */
  function* combinations(keys: readonly string[]): Generator<Record<string, string>> {
    const [key, ...others] = keys;
    if (key === undefined) {
      yield {};
      return;
    }
    for (const rest of combinations(others)) {
      yield rest;
      for (const value of VALUES[key] ?? []) yield { ...rest, [key]: value };
    }
  }

  test.each(["GET", "HTTP GET", "GET /orders/:id", "process orders", ""])("of a span named %o", (name) => {
    let compared = 0;
    for (const attributes of combinations(Object.keys(VALUES))) {
      const expected = hotspanEndpointOf(name, new Map(Object.entries(attributes)));
      if (endpointOf({ name, attributes }) !== expected) {
        expect({ name, attributes, endpoint: endpointOf({ name, attributes }) }).toEqual(expected);
      }
      compared++;
    }
    expect(compared).toBe(4_608);
  });
});

test.each([
  ["/orders/:id", "", "/orders/7?full=1", "/orders/:id"],
  ["/orders/", "", "/Orders", "/orders/"],
  ["/", "", "/", "/"],
  ["/files/*path", "", "/files/a/b/c", "/files/*path"],
  ["/orders/:id", undefined, "/orders/7", "/orders/:id"],
  ["/{:lang}/about", "", "/en/about", "/{:lang}/about"],
  // Of a nested router whose base was forgotten on the way of an error, and of one with a parameter in its base.
  ["/:id", undefined, "/orders/7", undefined],
  ["/orders", "/shops/7", "/shops/7/orders", undefined],
  ["/other", "", "/orders", undefined],
])("Express route %o under %o of %o: %o", (path, baseUrl, originalUrl, route) => {
  expect(expressRoute({ route: { path }, baseUrl, originalUrl })).toBe(route);
});

test("a request that Express does not know has no route", () => {
  expect(expressRoute({ url: "/orders" })).toBeUndefined();
  expect(expressRoute({ route: { path: /orders/ }, baseUrl: "", originalUrl: "/orders" })).toBeUndefined();
});

describe("a capture", () => {
  const { capture } = readOptions({ url: "http://h" }, {});
  const calm = { cpuCores: 0.7, eventLoopBusy: 0.7, heap: 0.8, memory: 0.8 };

  test("is due above the limits, not at them, and says why", () => {
    if (capture === undefined) throw new Error("Captures are on by default.");
    expect(whyCapture(calm, capture)).toBeUndefined();
    expect(whyCapture({ ...calm, eventLoopBusy: 0.83 }, capture)).toBe("event loop 83 % > 70 %");
    expect(whyCapture({ ...calm, cpuCores: 1.5, heap: 0.91 }, capture)).toBe(
      "heap 91 % > 80 %, cpu 150 % > 70 %",
    );
  });
});

test("collecting that costs too much halves the rate to an eighth at most, and comes back when it is cheap", () => {
  const throttle = createThrottle(0.02);
  const slowdowns = [1, 30, 30, 30, 30, 30, 10, 4, 4, 4, 4].map((ms) => {
    throttle.note(ms, 1_000);
    return throttle.slowdown();
  });
  expect(slowdowns).toEqual([1, 2, 4, 8, 8, 8, 8, 4, 2, 1, 1]);
});

describe("options", () => {
  test.each([
    [{ url: "hotspan:4318" }, 'url: "hotspan:4318" is no http or https address'],
    [{ url: "http://h", pushIntervalMs: 1 }, "pushIntervalMs: 1 is not between 100 and 600000"],
    [{ url: "http://h", capture: { memory: 80 } }, "capture.memory: 80 is not between 0 and 1"],
    [{ url: "http://h", sampleRateHz: Number.NaN }, "sampleRateHz: NaN is not between"],
  ])("%o: %s", (options, message) => {
    expect(() => readOptions(options, {})).toThrow(message);
  });

  test("the service's name: said, else of OpenTelemetry's environment, else of the package", () => {
    const env = { OTEL_SERVICE_NAME: "by-otel", npm_package_name: "by-npm" };
    expect(readOptions({ url: "http://h", service: "said" }, env).service).toBe("said");
    expect(readOptions({ url: "http://h" }, env).service).toBe("by-otel");
    expect(readOptions({ url: "http://h" }, { npm_package_name: "by-npm" }).service).toBe("by-npm");
    expect(readOptions({ url: "http://h" }, {}).service).toBe("unknown_service:node");
  });

  test("a base path stays", () => {
    expect(underUrl(new URL("http://h/hotspan/"), "v1/traces").href).toBe("http://h/hotspan/v1/traces");
    expect(underUrl(new URL("http://h"), "v1/traces").href).toBe("http://h/v1/traces");
  });
});

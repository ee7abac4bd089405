import { expect, test } from "vitest";
import type { EndpointRow, EndpointsResponse } from "@/lib/api/contract";
import { UNATTRIBUTED } from "@/lib/correlation/selector";
import { sortEndpoints, sumEndpoints } from "./endpoint-rows";

/** `GET /a 10 2 300`: name, requests, errors, CPU in ns; one sample per 10 ns. */
function rows(text: string): EndpointRow[] {
  return text
    .trim()
    .split("\n")
    .map((line) => {
      const [endpoint = "", ...numbers] = line.trim().split(/\s+/);
      const [requests = 0, errors = 0, cpuNs = 0] = numbers.map(Number);
      return {
        service: "shop",
        endpoint,
        requests,
        errors,
        keptRequests: requests,
        p50Ns: requests === 0 ? null : cpuNs,
        p95Ns: null,
        p99Ns: null,
        cpuNs,
        cpuShare: 0,
        cpuPerRequestNs: requests === 0 ? null : cpuNs / requests,
        sampleCount: cpuNs / 10,
        tracesProfiled: 0,
      };
    });
}

const endpoints = rows(`
  /a  10 2 300
  /b  90 1 500
  /c   0 0 100`);
const answer: EndpointsResponse = {
  endpoints,
  unattributed: { cpuNs: 100, sampleCount: 10 },
  unit: "nanoseconds",
};
const order = (sort: string) =>
  sortEndpoints(endpoints, sort)
    .map(({ endpoint }) => endpoint)
    .join(" ");

test("endpoints and what no endpoint paid for are all there is", () => {
  expect(sumEndpoints(answer)).toEqual({
    requests: 100,
    errors: 3,
    cpuNs: 1_000,
    cpuShare: 1,
    sampleCount: 100,
  });
  const parts = ["/a", "/b", "/c", UNATTRIBUTED].map((name) => sumEndpoints(answer, new Set([name])));
  expect(parts.reduce((sum, part) => sum + part.cpuNs, 0)).toBe(1_000);
  expect(parts.map(({ cpuShare }) => cpuShare)).toEqual([0.3, 0.5, 0.1, 0.1]);
});

test("columns sort by what they show, both ways", () => {
  expect(order("-cpu")).toBe("/b /a /c");
  expect(order("cpu")).toBe("/c /a /b");
  expect(order("-errors")).toBe("/a /b /c"); // 20 %, 1.1 %, no requests
  expect(order("-per_request")).toBe("/a /b /c");
  expect(order("-endpoint")).toBe("/c /b /a");
  expect(order("toString")).toBe("/a /b /c");
});

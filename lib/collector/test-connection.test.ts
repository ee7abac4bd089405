import { afterEach, beforeEach, expect, test } from "vitest";
import { targetInput } from "@/lib/api/targets-contract";
import { createGuard } from "@/lib/collector/guard-target";
import { testConnection } from "@/lib/collector/test-connection";
import { metricsText, startTestTarget, type TestTarget } from "@/lib/collector/test-target";

let go: TestTarget;
beforeEach(async () => {
  go = await startTestTarget();
});
afterEach(() => go.stop());

async function check(url = go.url, adaptive: object = {}) {
  const input = targetInput.parse({ url, service: "shop", adaptive });
  const isProfile = (bytes: Uint8Array) => (bytes[0] === 0x1f ? undefined : "It is not gzip.");
  const { checks, ok } = await testConnection(createGuard(undefined), input, isProfile);
  return [ok, ...checks.map(({ message, ok: works, what }) => `${works ? "+" : "-"} ${what}: ${message}`)];
}

test("a service with /metrics tells all", async () => {
  go.metrics = metricsText(12, 50 * 1_048_576);
  expect(await check(go.url, { memoryLimitBytes: 100 * 1_048_576 })).toEqual([
    true,
    "+ Profiles: Found /debug/pprof.",
    "+ Heap profile: Found.",
    "+ CPU and memory in use: Read from /metrics: CPU of 2 cores; 50 MiB in use, limit 100 MiB.",
  ]);
});

test("one without says what is estimated instead", async () => {
  expect(await check()).toEqual([
    true,
    "+ Profiles: Found /debug/pprof.",
    "+ Heap profile: Found.",
    "- CPU and memory in use: Neither /metrics nor /debug/vars tells its CPU time: it is estimated from its CPU profiles.",
  ]);
  go.script.set("/debug/vars", (response) =>
    response.end('{"memstats":{"Sys":20971520,"HeapReleased":10485760}}'),
  );
  expect((await check()).at(-1)).toBe(
    "+ CPU and memory in use: Neither /metrics nor /debug/vars tells its CPU time: it is estimated from its CPU profiles. " +
      "Memory is read from /debug/vars: 10 MiB in use, no memory limit known: set one to trigger on memory.",
  );
});

test("an address that is something else is told so, and one that is nothing is asked once", async () => {
  go.script.set("/debug/pprof/goroutine", (response) => response.end("<html>hello</html>"));
  expect((await check()).slice(0, 2)).toEqual([
    false,
    "- Profiles: /debug/pprof/goroutine answers, but not with a profile: It is not gzip.",
  ]);
  expect(await check("http://169.254.169.254")).toEqual([
    false,
    "- Profiles: /debug/pprof/goroutine: 169.254.169.254 is a link-local address, where clouds serve their metadata: it is not scraped unless HOTSPAN_COLLECT_ALLOW names that address.",
  ]);
});

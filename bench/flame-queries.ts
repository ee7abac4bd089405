/**
 * Times flame graphs, functions and series on a store of a given size, made inside the engine by INSERT SELECT:
 *   npx esbuild bench/flame-queries.ts --bundle --platform=node --format=esm --packages=external --alias:@=. --outfile=dist/flame-queries.mjs
 *   node dist/flame-queries.mjs [samples] [folder to keep the store in]
 *
 * 24 hours of 20 services with 8 endpoints and 10,000 stacks of 21 to 45 frames each, which share prefixes as real ones do
 * (8 tree nodes a stack); windows of 10 s; traces over 3 services with 50 samples each; 15 % of samples belong to no trace.
 * Prints one line of JSON a query: p50 and p95 of the wall time in milliseconds, the whole way through the official client.
 */
import { createHash } from "node:crypto";
import type { SampleSelector } from "@/lib/correlation/selector";
import { startEngine } from "@/lib/engine/engine-process";
import { parseTraceId } from "@/lib/ids";
import { buildFlamegraph } from "@/lib/store/build-flamegraph";
import { closeStore, commandStore, connectStore, queryRows } from "@/lib/store/clickhouse";
import { exportProfile } from "@/lib/store/export-profile";
import { migrateStore } from "@/lib/store/migrate";
import { numberColumn, textColumn } from "@/lib/store/row";
import { sumFunctions } from "@/lib/store/sum-functions";
import { sumSeries } from "@/lib/store/sum-series";
import { unixNano } from "@/lib/units";

const SERVICES = 20;
const STACKS = 10_000;
const WINDOWS = 8_640;
const SAMPLES_PER_TRACE = 50;
const HOUR = 3_600_000_000_000n;
const ROWS_PER_INSERT = 500_000;

const serviceName = (v: string) => `concat('svc-', leftPad(toString(${v}), 2, '0'))`;
const run = (sql: string) => commandStore(sql, {}, { seconds: 600 });

async function makeStore(samples: number, start: bigint): Promise<void> {
  await run(`INSERT INTO functions (function_id, name, system_name, file, start_line, last_seen)
    SELECT cityHash64('fn', v, f), concat('github.com/shop/svc', toString(v), '/pkg', toString(f % 97), '.(*Type', toString(f % 13), ').Method', toString(f)),
      '', concat('/srv/shop/pkg', toString(f % 97), '/file', toString(f % 400), '.go'), f % 900, today()
    FROM (SELECT intDiv(number, 3000) AS v, number % 3000 AS f FROM numbers(${SERVICES * 3_000}))`);
  // The function at depth d is one of min(STACKS, 1.3^d), so neighbouring stacks part ever later.
  await run(`INSERT INTO stacks (service, stack_id, functions, lines, last_seen)
    SELECT ${serviceName("v")}, cityHash64('st', v, s),
      arrayMap(d -> cityHash64('fn', v, cityHash64(v, d, intDiv(s * least(${STACKS}, toUInt64(pow(1.3, d))), ${STACKS})) % 3000), range(1, 22 + cityHash64(s) % 25)) AS frames,
      arrayMap(frame -> toUInt32(frame % 500), frames), today()
    FROM (SELECT intDiv(number, ${STACKS}) AS v, number % ${STACKS} AS s FROM numbers(${SERVICES * STACKS}))`);
  const tracesPerWindow = Math.max(1, Math.round(samples / WINDOWS / SAMPLES_PER_TRACE));
  const at = `fromUnixTimestamp64Nano(toInt64(${start}) + w * 10000000000)`;
  for (let from = 0; from < samples; from += ROWS_PER_INSERT) {
    await run(`INSERT INTO samples (service, type, time, endpoint, trace_id, span_id, root_span_id, tie, stack_id, value, count, is_primary, period_ns, duration_ns, labels, profile_id, source)
      SELECT ${serviceName("v")}, 'cpu', ${at}, if(tied, concat('GET /api/r', toString(e), '/{id}'), ''), if(tied, lower(hex(MD5(toString(t)))), ''),
        if(tied, lower(leftPad(hex(cityHash64(t, v, n % 3)), 16, '0')), ''), if(tied, lower(leftPad(hex(cityHash64(t, v, 0)), 16, '0')), ''), if(tied, 'span', 'none'),
        cityHash64('st', v, toUInt64(${STACKS / 8} * e + pow(cityHash64(n, 7) % 100000 / 100000., 2.5) * ${STACKS / 8 - 1})),
        10000000, 1, 1, 10000000, 10000000000, map(), cityHash64(w, v), ''
      FROM (
        SELECT number + ${from} AS n, intDiv(n * ${WINDOWS}, ${samples}) AS w, w * ${tracesPerWindow} + cityHash64(n) % ${tracesPerWindow} AS t,
          (cityHash64(t) + cityHash64(n, 3) % 3) % ${SERVICES} AS v, cityHash64(t, v) % 8 AS e, cityHash64(n, 5) % 100 < 85 AS tied
        FROM numbers(${Math.min(ROWS_PER_INSERT, samples - from)})
      )`);
  }
  for (let from = 0; from < WINDOWS; from += 1_000) {
    await run(`INSERT INTO otel_traces (Timestamp, TraceId, SpanId, ParentSpanId, SpanName, SpanKind, ServiceName, SpanAttributes, Duration, StatusCode, Endpoint, IsEntry)
      SELECT ${at}, lower(hex(MD5(toString(t)))), lower(leftPad(hex(cityHash64(t, v, j)), 16, '0')), if(k = 0, '', lower(leftPad(hex(cityHash64(t, if(j = 0, first, v), 0)), 16, '0'))),
        'work', if(j = 0, 'Server', 'Internal'), ${serviceName("v")}, map('http.request.method', 'GET'), 100000000, 'Unset',
        if(j = 0, concat('GET /api/r', toString(cityHash64(t, v) % 8), '/{id}'), ''), j = 0
      FROM (
        SELECT intDiv(number, 9) + ${from * tracesPerWindow} AS t, number % 9 AS k, intDiv(t, ${tracesPerWindow}) AS w, k % 3 AS j,
          cityHash64(t) % ${SERVICES} AS first, (cityHash64(t) + intDiv(k, 3)) % ${SERVICES} AS v
        FROM numbers(${9 * tracesPerWindow * Math.min(1_000, WINDOWS - from)})
      )`);
  }
}

async function time(name: string, rounds: number, work: (round: number) => Promise<unknown>): Promise<void> {
  const millis: number[] = [];
  for (let round = -1; round < rounds; round++) {
    const began = performance.now();
    await work(round + 1);
    if (round >= 0) millis.push(performance.now() - began); // the round before the first warms up
  }
  millis.sort((a, b) => a - b);
  const quantile = (share: number) =>
    Number((millis[Math.min(millis.length - 1, Math.floor(millis.length * share))] ?? 0).toFixed(1));
  console.log(JSON.stringify({ name, p50: quantile(0.5), p95: quantile(0.95), rounds }));
}

function select(fields: Partial<SampleSelector>): SampleSelector {
  return { type: "cpu", scope: "span", endpoints: [], labels: new Map(), ...fields };
}

const samples = Number(process.argv[2] ?? 10_000_000);
const engine = await startEngine({
  dataDir: process.argv[3] ?? "data/bench-flame-queries",
  script: new URL("./engine.mjs", import.meta.url).pathname,
  log: () => undefined,
});
connectStore(engine.url);
try {
  await migrateStore({ storeKind: "embedded", retentionDays: undefined });
  const [before] = await queryRows(
    "SELECT count() AS rows, toString(toUnixTimestamp64Nano(min(time))) AS first FROM samples",
  );
  const known = before !== undefined && numberColumn(before, "rows") > 0;
  const hours = (BigInt(Date.now()) * 1_000_000n) / HOUR;
  const start = known ? BigInt(textColumn(before, "first")) : (hours - 24n) * HOUR;
  if (!known) await makeStore(samples, start);

  const budget = { maxNodes: 1_500 };
  const service = "svc-03";
  const hour = (round: number) => ({
    service,
    from: unixNano(start + BigInt(round % 24) * HOUR),
    to: unixNano(start + BigInt((round % 24) + 1) * HOUR),
  });
  const trace = (round: number) => {
    const count = Math.max(1, Math.round(samples / WINDOWS / SAMPLES_PER_TRACE)) * WINDOWS;
    const id = createHash("md5")
      .update(String((round * 4_001) % count))
      .digest("hex");
    return select({ traceId: parseTraceId(id) ?? raise(id) });
  };
  const topOf = { sort: "self", descending: true, limit: 200 } as const;
  await time("nothing (SELECT 1)", 50, () => queryRows("SELECT 1"));
  await time("flame graph of one trace", 100, (round) => buildFlamegraph(trace(round), budget));
  await time("flame graph of one service, 1 h", 40, (round) => buildFlamegraph(select(hour(round)), budget));
  await time("flame graph of one service, 1 h, by endpoint", 40, (round) =>
    buildFlamegraph(select(hour(round)), { ...budget, group: "endpoint" }),
  );
  await time("flame graph of one endpoint, 24 h", 20, (round) =>
    buildFlamegraph(select({ service, endpoints: [`GET /api/r${round % 8}/{id}`] }), budget),
  );
  await time("flame graph of one service, 24 h", 20, () => buildFlamegraph(select({ service }), budget));
  await time("search in one service, 24 h", 20, (round) =>
    buildFlamegraph(select({ service }), { maxNodes: 1, query: `pkg${round}` }),
  );
  await time("functions of one service, 1 h", 40, (round) => sumFunctions(select(hour(round)), topOf));
  await time("CPU over time by endpoint, one service, 24 h", 20, () =>
    sumSeries(select({ service }), { by: "endpoint" }),
  );
  await time("pprof of one trace", 40, (round) => exportProfile(trace(round), "pprof"));
} finally {
  await closeStore();
  await engine.stop();
}

function raise(text: string): never {
  throw new Error(`Not an id: ${text}`);
}

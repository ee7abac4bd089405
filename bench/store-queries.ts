/**
 * Times the queries behind the pages on a store of a given size, made inside the engine by INSERT SELECT:
 *   npx esbuild bench/store-queries.ts --bundle --platform=node --format=esm --packages=external --alias:@=. --outfile=dist/store-queries.mjs
 *   [BENCH_SETTLE=1] node dist/store-queries.mjs [spans] [folder to keep the store in]
 * Prints one line of JSON a query: p50 and p95 of the wall time in milliseconds, the whole way through the official client.
 */
import { parseEndpointsQuery, parseTraceFilter, parseTraceListQuery } from "@/lib/api/query";
import { startEngine } from "@/lib/engine/engine-process";
import type { TraceId } from "@/lib/ids";
import { closeStore, commandStore, connectStore, queryRows } from "@/lib/store/clickhouse";
import { findTrace } from "@/lib/store/find-trace";
import { migrateStore } from "@/lib/store/migrate";
import { numberColumn, textColumn } from "@/lib/store/row";
import { searchTraces } from "@/lib/store/search-traces";
import { settleOnce } from "@/lib/store/settle-traces";
import { sumEndpoints } from "@/lib/store/sum-endpoints";
import { sumServices } from "@/lib/store/sum-services";
import { sumTraceHeatmap } from "@/lib/store/sum-trace-heatmap";
import { unixNano } from "@/lib/units";

const SPANS_PER_TRACE = 10;
const SAMPLES_PER_TRACE = 50;
const TRACES_PER_INSERT = 20_000;
const HOURS = 24;

async function makeStore(traces: number, start: bigint): Promise<void> {
  const perTrace = (BigInt(HOURS) * 3_600_000_000_000n) / BigInt(traces);
  const trace = "lower(hex(MD5(toString(t))))";
  const span = (k: string) => `lower(leftPad(hex(cityHash64(t, ${k})), 16, '0'))`;
  const service = "concat('service-', toString(t % 20), if(k >= 7, '-c', if(k >= 4, '-b', '')))";
  const at = `toInt64(${start} + t * ${perTrace}`;
  for (let from = 0; from < traces; from += TRACES_PER_INSERT) {
    const count = Math.min(TRACES_PER_INSERT, traces - from);
    await commandStore(
      `INSERT INTO otel_traces (Timestamp, TraceId, SpanId, ParentSpanId, SpanName, SpanKind, ServiceName, ResourceAttributes, SpanAttributes, Duration, StatusCode, Endpoint, IsEntry)
       WITH intDiv(number, ${SPANS_PER_TRACE}) + ${from} AS t, number % ${SPANS_PER_TRACE} AS k, k IN (0, 4, 7) AS entry,
         1000000 * (1 + cityHash64(t) % 300) * if(cityHash64(t, 'slow') % 50 = 0, 10, 1) AS whole
       SELECT fromUnixTimestamp64Nano(${at} + intDiv(whole * k, 20))), ${trace}, ${span("k")}, if(k = 0, '', ${span("intDiv(k - 1, 2)")}),
         if(entry, concat('GET /resource-', toString(t % 7)), concat('step-', toString(k))), if(entry, 'Server', if(k % 2 = 1, 'Client', 'Internal')), ${service},
         map('service.name', ${service}, 'telemetry.sdk.language', 'go', 'host.name', concat('host-', toString(t % 50)), 'service.version', '1.2.3'),
         map('http.request.method', 'GET', 'http.route', concat('/resource-', toString(t % 7)), 'url.path', concat('/resource-', toString(t % 7), '/', toString(t)), 'db.query.text', 'SELECT * FROM item WHERE id = ?', 'customer.id', toString(t % 5000)),
         intDiv(whole * (20 - 2 * k), 20), if(cityHash64(t, k) % 200 = 0, 'Error', 'Unset'), if(entry, concat('GET /resource-', toString(t % 7)), ''), entry
       FROM numbers(${count * SPANS_PER_TRACE})`,
      {},
      { seconds: 600 },
    );
    await commandStore(
      `INSERT INTO samples (service, type, time, endpoint, trace_id, span_id, root_span_id, tie, stack_id, value, count, is_primary, period_ns, duration_ns, labels, profile_id, source)
       WITH intDiv(number, ${SAMPLES_PER_TRACE}) + ${from} AS t, number % 10 AS k, cityHash64(t, number) % 100 AS luck
       SELECT ${service}, 'cpu', fromUnixTimestamp64Nano(intDiv(${at}), 10000000000) * 10000000000), if(luck < 80, concat('GET /resource-', toString(t % 7)), ''),
         if(luck < 95, ${trace}, ''), if(luck < 95, ${span("k")}, ''), '', if(luck < 95, 'span', 'none'), cityHash64(number % 3000) , 10000000, 1, 1, 10000000, 10000000000, map(), 1, ''
       FROM numbers(${count * SAMPLES_PER_TRACE})`,
      {},
      { seconds: 600 },
    );
  }
  // What the settler would write, which is timed apart: it is bound by the decoding of spans, not by the store.
  await commandStore(
    `INSERT INTO traces (start_hour, trace_id, start, duration_ns, root_service, root_name, endpoint, services, entry_services, entry_endpoints, entry_samples,
       span_count, error_count, cpu_ns, sample_count, unexplained_ns, top_function, settled_at, ingested_until)
     WITH number AS t, 1000000 * (1 + cityHash64(t) % 300) * if(cityHash64(t, 'slow') % 50 = 0, 10, 1) AS whole,
       concat('service-', toString(t % 20)) AS root, concat('GET /resource-', toString(t % 7)) AS route, fromUnixTimestamp64Nano(${at})) AS begin
     SELECT toStartOfHour(begin), ${trace}, begin, whole, root, route, route, [root, concat(root, '-b'), concat(root, '-c')], [root, concat(root, '-b'), concat(root, '-c')],
       [route, route, route], [20, 15, 12], ${SPANS_PER_TRACE}, cityHash64(t, 1) % 20 = 0, 470000000, 47, whole % 1000000, concat('pkg.Function', toString(t % 1000)), now64(3), now64(3)
     FROM numbers(${traces})`,
    {},
    { seconds: 600, settings: { max_partitions_per_insert_block: "10" } },
  );
  const stackFunctions =
    "arrayMap(i -> cityHash64('f', intDiv(number, pow(3, 8 - least(i, 8))), i), range(1, 36))";
  await commandStore(
    `INSERT INTO stacks (service, stack_id, functions, lines, last_seen)
     SELECT concat('service-', toString(s), suffix), cityHash64(number), ${stackFunctions}, arrayMap(i -> toUInt32(i), range(1, 36)), today()
     FROM numbers(3000) ARRAY JOIN range(20) AS s ARRAY JOIN ['', '-b', '-c'] AS suffix`,
    {},
    { seconds: 600 },
  );
  await commandStore(
    `INSERT INTO functions (function_id, name, system_name, file, start_line, last_seen)
     SELECT id, concat('pkg.Function', toString(id % 1000)), '', 'file.go', 1, today() FROM (SELECT DISTINCT arrayJoin(functions) AS id FROM stacks)`,
    {},
    { seconds: 600 },
  );
}

/** From nothing: every trace of the store is computed and written anew. */
async function timeSettling(): Promise<void> {
  const state = { watermark: 0, settled: new Map<number, number>() };
  const began = performance.now();
  let settled = 0;
  for (let more = true; more; ) {
    const pass = await settleOnce(state);
    settled += pass.settled;
    more = pass.more;
  }
  const seconds = (performance.now() - began) / 1_000;
  const spansPerSecond = Math.round((settled * SPANS_PER_TRACE) / seconds);
  console.log(JSON.stringify({ name: "settled", traces: settled, seconds, spansPerSecond }));
}

async function time(name: string, rounds: number, work: (round: number) => Promise<unknown>): Promise<void> {
  const millis: number[] = [];
  for (let round = -1; round < rounds; round++) {
    const began = performance.now();
    await work(round);
    if (round >= 0) millis.push(performance.now() - began); // the round before the first warms up
  }
  millis.sort((a, b) => a - b);
  const quantile = (share: number) =>
    Number((millis[Math.min(millis.length - 1, Math.floor(millis.length * share))] ?? 0).toFixed(1));
  console.log(JSON.stringify({ name, p50: quantile(0.5), p95: quantile(0.95), rounds }));
}

const spans = Number(process.argv[2] ?? 2_000_000);
const dataDir = process.argv[3] ?? "data/bench-store-queries";
const engine = await startEngine({
  dataDir,
  script: new URL("./engine.mjs", import.meta.url).pathname,
  log: () => undefined,
});
connectStore(engine.url);
try {
  await migrateStore({ storeKind: "embedded", retentionDays: undefined });
  const traces = spans / SPANS_PER_TRACE;
  const [before] = await queryRows(
    "SELECT count() AS spans, toString(toUnixTimestamp64Nano(min(Timestamp))) AS first FROM otel_traces",
  );
  const known = before !== undefined && numberColumn(before, "spans") > 0;
  const start = known
    ? BigInt(textColumn(before, "first"))
    : (BigInt(Date.now()) - BigInt(HOURS) * 3_600_000n) * 1_000_000n;
  if (!known) {
    const began = performance.now();
    await makeStore(traces, start);
    console.log(JSON.stringify({ name: "made", seconds: (performance.now() - began) / 1_000 }));
  }
  if (process.env.BENCH_SETTLE === "1") await timeSettling();
  const end = start + BigInt(HOURS) * 3_600_000_000_000n;
  const day = `from=${start}&to=${end}`;
  const hour = `from=${end - 7_205_000_000_000n}&to=${end - 3_600_000_000_000n}`;
  const list = (query: string) => searchTraces(parseTraceListQuery(new URLSearchParams(query)));
  for (const [range, bounds] of [
    ["1 h", hour],
    ["24 h", day],
  ] as const) {
    for (const sort of ["-start", "-duration", "-cpu", "name", "-unexplained"]) {
      await time(`traces ${range} sort=${sort}`, 20, () => list(`${bounds}&sort=${sort}`));
    }
    await time(`traces ${range} service+endpoint`, 20, () =>
      list(`${bounds}&service=service-3&endpoint=GET%20/resource-3&sort=-duration`),
    );
    await time(`traces ${range} q=text`, 5, () => list(`${bounds}&q=resource-3/1234`));
    await time(`traces ${range} q=key=value`, 10, () => list(`${bounds}&q=customer.id%3D1234`));
    await time(`heat map ${range}`, 20, () => sumTraceHeatmap(parseTraceFilter(new URLSearchParams(bounds))));
    await time(`endpoints of all ${range}`, 10, () =>
      sumEndpoints(parseEndpointsQuery(new URLSearchParams(bounds))),
    );
    await time(`endpoints of one ${range}`, 10, () =>
      sumEndpoints(parseEndpointsQuery(new URLSearchParams(`${bounds}&service=service-3`))),
    );
    const [from, to] = bounds.split("&").map((part) => unixNano(BigInt(part.split("=")[1] ?? 0)));
    await time(`services ${range}`, 10, () => sumServices({ ...(from && { from }), ...(to && { to }) }));
  }
  await time("SELECT 1 (the way there and back)", 20, () => queryRows("SELECT 1"));
  const page = await list(`${day}&sort=-duration&limit=50`);
  await time("trace page", 50, (round) =>
    findTrace((page.traces[Math.max(0, round)]?.traceId ?? "") as TraceId),
  );
  const disk = await queryRows(
    `SELECT table, sum(rows) AS stored, round(sum(bytes_on_disk) / stored, 1) AS bytes_a_row, count() AS parts FROM system.parts WHERE active GROUP BY table ORDER BY table`,
  );
  for (const row of disk) console.log(JSON.stringify(row));
} finally {
  await closeStore();
  await engine.stop();
}

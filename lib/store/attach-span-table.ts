/**
 * A team that already runs the OpenTelemetry Collector's ClickHouse exporter has an `otel_traces` of its own. It is
 * taken as it is: our columns, index and projection are added to it, and the exporter, which names its columns when it
 * inserts, goes on writing.
 */
import { attachIngestedAt, expectMaps, findColumns } from "@/lib/store/attach-ingested-at";
import { commandStore, queryRows } from "@/lib/store/clickhouse";
import { textColumn } from "@/lib/store/row";

/** Adds what is missing to an existing `otel_traces`; does nothing when there is none or it is complete. */
export async function attachSpanTable(): Promise<void> {
  const columns = await findColumns("otel_traces");
  if (columns.size === 0) return;
  expectMaps("otel_traces", columns);
  await commandStore(
    `ALTER TABLE otel_traces
       ADD COLUMN IF NOT EXISTS IsEntry UInt8 DEFAULT SpanKind IN ('Server', 'Consumer') OR ParentSpanId = '',
       ADD COLUMN IF NOT EXISTS Endpoint LowCardinality(String) DEFAULT if(IsEntry, ${ENDPOINT_OF_SPAN}, ''),
       ADD COLUMN IF NOT EXISTS Source LowCardinality(String) DEFAULT ''`,
  );
  if (columns.get("Endpoint")?.defaultExpression === "''") {
    await commandStore(
      `ALTER TABLE otel_traces MODIFY COLUMN Endpoint LowCardinality(String) DEFAULT if(IsEntry, ${ENDPOINT_OF_SPAN}, '')`,
    );
  }
  await attachIngestedAt("otel_traces", columns);
  await commandStore(
    "ALTER TABLE otel_traces MODIFY SETTING lightweight_mutation_projection_mode = 'rebuild'",
  );
  if (!(await hasTraceProjection())) {
    await commandStore(
      "ALTER TABLE otel_traces ADD PROJECTION IF NOT EXISTS by_trace (SELECT TraceId, _part_offset ORDER BY TraceId)",
    );
    await commandStore(
      "ALTER TABLE otel_traces MATERIALIZE PROJECTION by_trace",
      {},
      { settings: { mutations_sync: "0" } },
    );
  }
}

/** The first of these attributes that is not empty. */
function first(...keys: readonly string[]): string {
  return `multiIf(${keys.map((key) => `SpanAttributes['${key}'] != '', SpanAttributes['${key}']`).join(", ")}, '')`;
}

const METHOD = `if(${first("http.request.method", "http.method")} = '_OTHER' AND SpanAttributes['http.request.method_original'] != '',
  SpanAttributes['http.request.method_original'], ${first("http.request.method", "http.method")})`;
const ROUTE = first("http.route", "next.route");
const DESTINATION = first(
  "messaging.destination.template",
  "messaging.destination.name",
  "messaging.destination",
);
const OPERATION = first("messaging.operation.name", "messaging.operation.type", "messaging.operation");
const BARE_NAME = "replaceRegexpOne(SpanName, '^HTTP ', '')";

/** lib/trace/endpoint.ts in SQL, for rows that a collector writes without knowing of endpoints. */
const ENDPOINT_OF_SPAN = `multiIf(
  ${METHOD} != '' AND ${ROUTE} != '', concat(${METHOD}, ' ', ${ROUTE}),
  position(SpanAttributes['rpc.method'], '/') > 0, SpanAttributes['rpc.method'],
  SpanAttributes['rpc.service'] != '' AND SpanAttributes['rpc.method'] != '', concat(SpanAttributes['rpc.service'], '/', SpanAttributes['rpc.method']),
  ${DESTINATION} != '', if(${OPERATION} = '', ${DESTINATION}, concat(${OPERATION}, ' ', ${DESTINATION})),
  ${METHOD} != '' AND (${BARE_NAME} IN ('', 'HTTP', 'GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT', 'QUERY') OR ${BARE_NAME} = ${METHOD}), concat(${METHOD}, ' (unmatched)'),
  SpanName)`;

async function hasTraceProjection(): Promise<boolean> {
  const rows = await queryRows(
    "SELECT create_table_query FROM system.tables WHERE database = currentDatabase() AND name = 'otel_traces'",
  );
  return rows.some((row) => textColumn(row, "create_table_query").includes("PROJECTION by_trace"));
}

/**
 * Settings for reads of a few traces: take the projection `by_trace` at any size. By itself the engine takes it from a
 * million rows on and scans below, which at 999,999 rows is a hundred times as much.
 */
export const BY_TRACE_SETTINGS = { min_table_rows_to_use_projection_index: "0" } as const;

/**
 * Of samples that name a span but no trace, word for word what the index idx_span_only holds: where no profiler sends
 * such, nothing is read to find that out.
 */
export const NAMES_SPAN_ALONE = "if(empty(trace_id), length(span_id) + length(root_span_id), 0) > 0";

const PLACE = "_part_starting_offset + _part_offset";

/**
 * Rows of few traces by their places, which the projection `by_trace` knows. The engine would use the projection for the
 * bare condition too, but reads columns of every granule beside: a quarter of its work is left when the places are asked
 * for first. Both halves see one snapshot of the table; the condition stands in both, so a server that gives them two
 * could miss rows of a part being merged, but never return a foreign one.
 *
 * @param condition over the trace id alone, such as `trace_id = {traceId:String}`
 */
export function byTraceSql(table: "samples" | "otel_traces", condition: string): string {
  return `${condition} AND ${PLACE} IN (SELECT ${PLACE} FROM ${table} WHERE ${condition})`;
}

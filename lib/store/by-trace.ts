/**
 * Settings for reads of a few traces: take the projection `by_trace` at any size. By itself the engine takes it from a
 * million rows on and scans below, which at 999,999 rows is a hundred times as much.
 */
export const BY_TRACE_SETTINGS = { min_table_rows_to_use_projection_index: "0" } as const;

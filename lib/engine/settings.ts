/**
 * Settings that a request may carry, each with its bounds. Everything else is refused: a string in a setting is an
 * injection hole in the embedded engine, and the names of 1,400 settings are not a thing to expose.
 */
import { EngineException } from "./exceptions";

type Rule = { readonly min: number; readonly max: number } | ReadonlySet<string>;

const flag: Rule = { min: 0, max: 1 };
const rules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ["max_execution_time", { min: 0.1, max: 600 }],
  ["max_memory_usage", { min: 1_048_576, max: 1e12 }],
  ["max_result_rows", { min: 1, max: 10_000_000 }],
  ["max_rows_to_read", { min: 0, max: 1e15 }],
  ["max_bytes_to_read", { min: 0, max: 1e18 }],
  ["max_threads", { min: 1, max: 64 }],
  ["max_insert_threads", { min: 1, max: 64 }],
  ["max_block_size", { min: 1, max: 1_000_000 }],
  ["max_insert_block_size", { min: 1, max: 10_000_000 }],
  ["min_insert_block_size_rows", { min: 0, max: 10_000_000 }],
  ["min_insert_block_size_bytes", { min: 0, max: 1e12 }],
  ["max_partitions_per_insert_block", { min: 0, max: 10_000 }],
  ["max_bytes_before_external_group_by", { min: 0, max: 1e12 }],
  ["max_bytes_before_external_sort", { min: 0, max: 1e12 }],
  ["max_query_size", { min: 1_024, max: 268_435_456 }],
  ["max_ast_elements", { min: 1, max: 50_000_000 }],
  ["max_expanded_ast_elements", { min: 1, max: 50_000_000 }],
  ["mutations_sync", { min: 0, max: 2 }],
  ["alter_sync", { min: 0, max: 2 }],
  ["lightweight_deletes_sync", { min: 0, max: 2 }],
  ["optimize_throw_if_noop", flag],
  ["final", flag],
  ["do_not_merge_across_partitions_select_final", flag],
  ["optimize_use_projections", flag],
  ["force_optimize_projection", flag],
  ["optimize_use_implicit_projections", flag],
  ["optimize_use_projection_filtering", flag],
  ["min_table_rows_to_use_projection_index", { min: 0, max: 1e12 }],
  ["max_projection_rows_to_use_projection_index", { min: 0, max: 1e12 }],
  ["use_query_condition_cache", flag],
  ["query_plan_optimize_lazy_materialization", flag],
  ["optimize_read_in_order", flag],
  ["optimize_aggregation_in_order", flag],
  ["optimize_move_to_prewhere", flag],
  ["use_skip_indexes", flag],
  ["use_skip_indexes_if_final", flag],
  ["enable_analyzer", flag],
  ["join_use_nulls", flag],
  ["transform_null_in", flag],
  ["insert_deduplicate", flag],
  ["input_format_skip_unknown_fields", flag],
  ["input_format_null_as_default", flag],
  ["input_format_defaults_for_omitted_fields", flag],
  ["input_format_parallel_parsing", flag],
  ["output_format_json_quote_64bit_integers", flag],
  ["output_format_json_quote_64bit_floats", flag],
  ["output_format_json_quote_denormals", flag],
  ["output_format_json_named_tuples_as_objects", flag],
  ["output_format_parallel_formatting", flag],
  ["date_time_input_format", new Set(["basic", "best_effort"])],
  ["date_time_output_format", new Set(["simple", "iso", "unix_timestamp"])],
  ["result_overflow_mode", new Set(["throw"])],
  [
    "join_algorithm",
    new Set(["default", "hash", "parallel_hash", "full_sorting_merge", "grace_hash", "direct"]),
  ],
]);

/** Of ClickHouse's HTTP layer alone; they change nothing that the embedded engine does. */
const httpOnly = new Set([
  "wait_end_of_query",
  "send_progress_in_http_headers",
  "http_headers_progress_interval_ms",
  "http_write_exception_in_output_format",
  "enable_http_compression",
  "cancel_http_readonly_queries_on_client_close",
  "buffer_size",
]);

/**
 * @returns assignments for one SET statement, or undefined when the name belongs to HTTP alone
 * @throws EngineException when the name is not on the list or the value is not in its bounds
 */
export function formatSetting(name: string, value: string): string | undefined {
  if (httpOnly.has(name)) return undefined;
  const rule = rules.get(name);
  if (rule === undefined) {
    throw new EngineException(
      115,
      "UNKNOWN_SETTING",
      `Setting '${name}' is not available in the embedded store.`,
    );
  }
  if ("has" in rule) {
    if (!rule.has(value)) throw notUsable(name);
    return `${name}='${value}'`;
  }
  if (!/^\d{1,19}(\.\d{1,6})?$/.test(value)) throw notUsable(name);
  const number = Number(value);
  if (number < rule.min || number > rule.max) throw notUsable(name);
  return `${name}=${value}`;
}

function notUsable(name: string): EngineException {
  return new EngineException(36, "BAD_ARGUMENTS", `The value of setting '${name}' is not usable here.`);
}

/**
 * The engine's config file. Every table of ours sets its durability itself; this is the net under tables that do not:
 * with the defaults a power cut leaves a store that cannot be opened.
 */
export function formatEngineConfig(): string {
  const mergeTree = {
    fsync_after_insert: 1,
    fsync_part_directory: 1,
    min_rows_to_fsync_after_merge: 1,
    min_compressed_bytes_to_fsync_after_merge: 1,
    min_free_disk_bytes_to_perform_insert: 536_870_912,
  };
  const settings = Object.entries(mergeTree).map(([name, value]) => `    <${name}>${value}</${name}>`);
  return ["<clickhouse>", "  <merge_tree>", ...settings, "  </merge_tree>", "</clickhouse>", ""].join("\n");
}

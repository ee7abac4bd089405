import { queryRows } from "@/lib/store/clickhouse";
import { numberColumn, textColumn } from "@/lib/store/row";

export interface FunctionText {
  readonly name: string;
  /** As the linker knows it; "" when it is the same or unknown. */
  readonly systemName: string;
  readonly file: string;
  /** 0 when unknown. */
  readonly startLine: number;
}

/**
 * Texts that were read lately. An id is the hash of its name, so only file and line can grow old, when a function moves
 * in a later build: after ten minutes all is read again.
 */
const recent = new Map<string, FunctionText>();
const MOST_KEPT = 100_000;
const KEPT_MS = 600_000;
let keptSince = 0;

/** @returns the functions of these ids (unsigned 64-bit decimals; 0 is none) that are stored */
export async function findFunctions(
  ids: Iterable<string>,
  signal?: AbortSignal,
): Promise<Map<string, FunctionText>> {
  if (recent.size > MOST_KEPT || Date.now() - keptSince > KEPT_MS) {
    recent.clear();
    keptSince = Date.now();
  }
  const found = new Map<string, FunctionText>();
  const wanted = new Set<string>();
  for (const id of ids) {
    const known = recent.get(id);
    if (known !== undefined) found.set(id, known);
    else if (id !== "0") wanted.add(id);
  }
  if (wanted.size === 0) return found;
  const rows = await queryRows(
    `SELECT function_id, name, system_name, file, start_line FROM functions
     WHERE function_id IN {ids:Array(UInt64)} ORDER BY last_seen DESC LIMIT 1 BY function_id`,
    { ids: Array.from(wanted, BigInt) },
    { signal, rows: wanted.size },
  );
  for (const row of rows) {
    const id = textColumn(row, "function_id");
    const text = {
      name: textColumn(row, "name"),
      systemName: textColumn(row, "system_name"),
      file: textColumn(row, "file"),
      startLine: numberColumn(row, "start_line"),
    };
    found.set(id, text);
    recent.set(id, text);
  }
  return found;
}

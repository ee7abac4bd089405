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

/** @returns the functions of these ids (unsigned 64-bit decimals; 0 is none) that are stored */
export async function findFunctions(
  ids: Iterable<string>,
  signal?: AbortSignal,
): Promise<Map<string, FunctionText>> {
  const wanted = new Set(ids);
  wanted.delete("0");
  if (wanted.size === 0) return new Map();
  const rows = await queryRows(
    `SELECT function_id, name, system_name, file, start_line FROM functions
     WHERE function_id IN {ids:Array(UInt64)} ORDER BY last_seen DESC LIMIT 1 BY function_id`,
    { ids: [...wanted].map(BigInt) },
    { signal, rows: wanted.size },
  );
  return new Map(
    rows.map((row) => [
      textColumn(row, "function_id"),
      {
        name: textColumn(row, "name"),
        systemName: textColumn(row, "system_name"),
        file: textColumn(row, "file"),
        startLine: numberColumn(row, "start_line"),
      },
    ]),
  );
}

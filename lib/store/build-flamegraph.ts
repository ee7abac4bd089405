/**
 * Flame graphs, merged by the engine: however many samples, no more than `maxNodes` rows leave it, with exact totals.
 *
 *   samples --GROUP BY stack--> (stack, value) --join stacks--> one row per frame --GROUP BY path--> nodes --LIMIT-->
 *
 * A node is named by its path from the root: the running sum of a hash of (function, depth), the same in every stack
 * that shares the prefix and in every request. Sorted by weight, then by depth, a parent never comes after its child,
 * so whatever the LIMIT cuts, the rest is a tree.
 */
import type { FlamegraphResponse } from "@/lib/api/contract";
import { certaintyOf } from "@/lib/correlation/choose-ties";
import { type SampleSelector, UNATTRIBUTED } from "@/lib/correlation/selector";
import { assembleFlameTree, type FlameRow } from "@/lib/store/assemble-flame-tree";
import { queryRows } from "@/lib/store/clickhouse";
import { describeMeaning } from "@/lib/store/describe-meaning";
import { explainEmptySelection } from "@/lib/store/explain-empty-selection";
import { findFunctions } from "@/lib/store/find-functions";
import { findUnit } from "@/lib/store/find-unit";
import { type ResolvedSelector, resolveSelector } from "@/lib/store/resolve-selector";
import { numberColumn, textColumn, textsColumn } from "@/lib/store/row";
import type { SqlCondition } from "@/lib/store/sql-condition";
import { sumMatched } from "@/lib/store/sum-matched";
import { sumSelection } from "@/lib/store/sum-selection";
import { type StackGroup, stacksSql, sumByStackSql } from "@/lib/store/sum-stacks";

export interface FlamegraphOptions {
  /** Nodes in the answer, the root included. */
  readonly maxNodes: number;
  /** A node id of an earlier answer for the same grouping: its subtree alone, with the whole budget. */
  readonly focus?: string;
  /** First level below the root; undefined is `service` for a trace and none else. */
  readonly group?: StackGroup;
  /** Part of a function's name, case-insensitive. */
  readonly query?: string;
}

/** Of the node that holds all others. */
const ROOT_ID = "0";

/**
 * @returns the flame graph of exactly the selected samples; an empty one says why
 * @throws HotspanError as resolveSelector
 */
export async function buildFlamegraph(
  selector: SampleSelector,
  options: FlamegraphOptions,
  signal?: AbortSignal,
): Promise<FlamegraphResponse> {
  const resolved = await resolveSelector(selector, "", signal);
  const group = options.group ?? (selector.traceId === undefined ? "none" : "service");
  const focus = options.focus === ROOT_ID ? undefined : options.focus;
  const [rows, selection, matched, above, unit, meaning] = await Promise.all([
    sumNodes(resolved, group, options.maxNodes, focus, signal),
    sumSelection(resolved, signal),
    options.query === undefined ? null : sumMatched(resolved, options.query, signal),
    focus === undefined ? [] : findAncestors(resolved, group, focus, signal),
    findUnit(selector.type),
    describeMeaning(resolved, signal),
  ]);
  const kept = rows.slice(0, options.maxNodes);
  const functions = await findFunctions(
    [...kept.map((row) => row.functionId), ...above.map((frame) => frame.functionId)],
    signal,
  );
  const root = assembleFlameTree(kept, functions, focus ?? ROOT_ID, titleOf(selector));
  const reason = root.sampleCount > 0 ? null : await explainEmptySelection(resolved, selection, signal);
  return {
    type: selector.type,
    unit,
    total: root.total,
    sampleCount: root.sampleCount,
    sampleRateHz: selection.sampleRateHz,
    certainty: certaintyOf(resolved.rule, selection.weakestTie),
    ...meaning,
    truncated: rows.length > kept.length,
    nodeCount: Math.max(kept.length, 1),
    ancestors: above.map(({ id, key, functionId }) => ({
      id,
      name: key ?? functions.get(functionId)?.name ?? functionId,
    })),
    matched,
    emptyReason: reason?.sentence ?? null,
    emptyCode: reason?.code ?? null,
    root,
  };
}

/** Rows of the widest nodes, one more than asked for when there are more. */
async function sumNodes(
  resolved: ResolvedSelector,
  group: StackGroup,
  maxNodes: number,
  focus: string | undefined,
  signal?: AbortSignal,
): Promise<FlameRow[]> {
  const paths = pathsSql(resolved, group, focus);
  const below = (array: string) =>
    focus === undefined ? array : `arraySlice(${array}, indexOf(ids, {focus:UInt64}))`;
  const firstFrame = group === "none" ? 1 : 2;
  const rows = await queryRows(
    `SELECT id, function_id, depth, key, total, samples, self,
       if(depth <= 2, toUInt64(0), toUInt64(id - cityHash64(function_id, toUInt32(depth - ${firstFrame})))) AS parent
     FROM (
       SELECT id, any(frame) AS function_id, any(place) AS depth, ${group === "none" ? "''" : "any(label)"} AS key,
         sum(v) AS total, sum(c) AS samples, sumIf(v, place = leaf) AS self, sum(a) AS weight
       FROM (${paths.sql})
       ARRAY JOIN ${below("ids")} AS id, ${below("frames")} AS frame, ${below("arrayEnumerate(ids)")} AS place
       GROUP BY id
       ORDER BY weight DESC, samples DESC, depth, id
       LIMIT {rows:UInt32}
     )`,
    { ...paths.params, rows: maxNodes + 1 },
    { signal },
  );
  return rows.map((row) => ({
    id: textColumn(row, "id"),
    parentId: textColumn(row, "parent"),
    functionId: textColumn(row, "function_id"),
    key: group !== "none" && numberColumn(row, "depth") === 2 ? groupName(textColumn(row, "key")) : undefined,
    total: numberColumn(row, "total"),
    self: numberColumn(row, "self"),
    sampleCount: numberColumn(row, "samples"),
  }));
}

/** One row a stack: node ids and functions from the root (0, which has no function) over the group's node to the leaf. */
function pathsSql(resolved: ResolvedSelector, group: StackGroup, focus: string | undefined): SqlCondition {
  const stacks = stacksSql(resolved, "functions, nodes");
  const merged = sumByStackSql(resolved, group);
  const [ids, frames] =
    group === "none"
      ? ["arrayConcat([toUInt64(0)], known.nodes)", "arrayConcat([toUInt64(0)], known.functions)"]
      : [
          "arrayConcat([toUInt64(0), cityHash64(merged.key)], arrayMap(node -> node + cityHash64(merged.key), known.nodes))",
          "arrayConcat([toUInt64(0), toUInt64(0)], known.functions)",
        ];
  return {
    sql: `SELECT merged.key AS label, merged.v AS v, merged.c AS c, merged.a AS a, ${ids} AS ids, ${frames} AS frames, length(ids) AS leaf
      FROM (${merged.sql}) AS merged
      ANY LEFT JOIN (${stacks.sql}) AS known ON known.service = merged.service AND known.stack_id = merged.stack_id
      ${focus === undefined ? "" : "WHERE has(ids, {focus:UInt64})"}`,
    params: { ...merged.params, ...stacks.params, ...(focus === undefined ? {} : { focus }) },
  };
}

/** From below the root to above the focus; every stack through the focus has the same ones. */
async function findAncestors(
  resolved: ResolvedSelector,
  group: StackGroup,
  focus: string,
  signal?: AbortSignal,
): Promise<{ id: string; functionId: string; key: string | undefined }[]> {
  const paths = pathsSql(resolved, group, focus);
  const [row] = await queryRows(
    `SELECT label, indexOf(ids, {focus:UInt64}) AS place, arraySlice(ids, 2, toInt64(place) - 2) AS above,
       arraySlice(frames, 2, toInt64(place) - 2) AS above_frames
     FROM (${paths.sql}) LIMIT 1`,
    paths.params,
    { signal },
  );
  if (row === undefined) return [];
  const functionIds = textsColumn(row, "above_frames");
  return textsColumn(row, "above").map((id, index) => ({
    id,
    functionId: functionIds[index] ?? "0",
    key: group !== "none" && index === 0 ? groupName(textColumn(row, "label")) : undefined,
  }));
}

function titleOf(selector: SampleSelector): string {
  if (selector.spanId !== undefined) return `span ${selector.spanId}`;
  if (selector.traceId !== undefined) return `trace ${selector.traceId.slice(0, 8)}`;
  return selector.service ?? "all services";
}

function groupName(key: string): string {
  return key === "" ? UNATTRIBUTED : key;
}

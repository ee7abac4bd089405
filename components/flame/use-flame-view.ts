"use client";
import { useCallback, useMemo } from "react";
import { useApi, useAskAhead } from "@/components/data/use-api";
import { flamegraphResponse } from "@/lib/api/contract";
import { type FlameSelector, selectorParams } from "./flame-selector";
import { useDebounced } from "./use-debounced";
import { buildZoomedView, needsOwnRequest } from "./zoomed-view";

/** 1,500 frames take d3-flame-graph about 90 ms; more would be slower to draw and no easier to read. */
export const MAX_NODES = 1_500;
const SEARCH_DELAY_MS = 150;
const PATH = "/api/v1/flamegraph";

type Group = "service" | "endpoint";

function graphParams(selector: FlameSelector, group: Group | undefined) {
  return { ...selectorParams(selector), group, max_nodes: MAX_NODES };
}

/** Asks for the graph of a panel that is about to be there. */
export function useAskFlamegraph(): (selector: FlameSelector, group: Group | undefined) => void {
  const ask = useAskAhead();
  return useCallback((selector, group) => ask(PATH, graphParams(selector, group), flamegraphResponse), [ask]);
}

/**
 * What the panel shows: the whole graph, the zoomed part of it, and the search's exact share.
 * A zoomed node whose subtree was cut is asked for with a budget of its own; what is known of it is drawn meanwhile.
 */
export function useFlameView(
  selector: FlameSelector,
  options: { group?: Group; focus: string | null; query: string },
) {
  const params = { ...selectorParams(selector), group: options.group };
  const graph = graphParams(selector, options.group);
  const whole = useApi(PATH, graph, flamegraphResponse);
  const own = useApi(PATH, { ...graph, focus: options.focus }, flamegraphResponse, {
    enabled: needsOwnRequest(whole.data, options.focus),
    keepPrevious: false,
  });
  const view = useMemo(
    () => (whole.data === undefined ? null : buildZoomedView(whole.data, options.focus, own.data ?? null)),
    [whole.data, own.data, options.focus],
  );

  // The frames at hand are marked at once; only the share over all samples, cut frames included, is asked for.
  const query = useDebounced(options.query.trim(), SEARCH_DELAY_MS);
  const search = useApi(PATH, { ...params, max_nodes: 1, q: query }, flamegraphResponse, {
    enabled: query !== "",
  });

  return {
    whole,
    own,
    view,
    matched: query === "" || options.query.trim() === "" ? null : (search.data?.matched ?? null),
    searching:
      query !== options.query.trim() || (query !== "" && (search.isFetching || search.isPlaceholderData)),
  };
}

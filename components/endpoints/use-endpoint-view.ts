"use client";
import { parseAsNativeArrayOf, parseAsString, useQueryStates } from "nuqs";
import { CPU } from "./sample-types";

const urlState = {
  service: parseAsString,
  /** Repeated; none: nothing narrows. */
  endpoint: parseAsNativeArrayOf(parseAsString),
  type: parseAsString.withDefault(CPU.value),
  sort: parseAsString.withDefault("-cpu"),
  /** The zoomed frame of the flame graph belongs to one selection of samples and goes when that changes. */
  focus: parseAsString,
};

export interface EndpointView {
  readonly service: string | null;
  readonly selected: ReadonlySet<string>;
  readonly type: string;
  readonly sort: string;
  showService: (service: string | null, history?: "push" | "replace") => void;
  select: (endpoints: Iterable<string>) => void;
  showType: (type: string) => void;
  sortBy: (sort: string) => void;
}

/** What of /endpoints is looked at; all of it stands in the URL. */
export function useEndpointView(): EndpointView {
  const [{ service, endpoint, type, sort }, setState] = useQueryStates(urlState, {
    history: "push",
    scroll: false,
  });
  return {
    service,
    selected: new Set(endpoint),
    type,
    sort,
    showService: (next, history = "push") =>
      void setState({ service: next, endpoint: null, focus: null }, { history }),
    select: (next) => {
      const names = [...next].sort();
      void setState({ endpoint: names.length === 0 ? null : names, focus: null }, { history: "replace" });
    },
    showType: (next) => void setState({ type: next, focus: null }),
    sortBy: (next) => void setState({ sort: next }, { history: "replace" }),
  };
}

"use client";
import { useQueryClient } from "@tanstack/react-query";
import { usePathname } from "next/navigation";
import { parseAsString, useQueryStates } from "nuqs";
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from "react";
import { DEFAULT_RANGE, resolveRange, type TimeRangeTokens } from "./time-range";

interface Clock {
  nowMillis: number;
  tick: () => void;
}
const ClockContext = createContext<Clock | null>(null);

/** A page that is opened later than this after the last one is shown as of its own time. */
const STALE_MS = 60_000;

/**
 * Holds what `now` means until the user refreshes or opens another page. Every request of a page then asks for the same range, so a table,
 * its total and the flame graph beside it add up while data keep arriving.
 */
export function TimeRangeProvider({ children }: { children: ReactNode }) {
  const [nowMillis, setNow] = useState(Date.now);
  const tick = useCallback(() => setNow(Date.now()), []);
  const pathname = usePathname();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the new page is the reason, not a value
  useEffect(() => setNow((now) => (Date.now() - now > STALE_MS ? Date.now() : now)), [pathname]);
  return (
    <ClockContext value={useMemo(() => ({ nowMillis, tick }), [nowMillis, tick])}>{children}</ClockContext>
  );
}

export interface TimeRange {
  /** As in the URL. */
  tokens: TimeRangeTokens;
  /** Unix nanoseconds, [from, to). */
  fromNs: bigint;
  toNs: bigint;
  /** `now` of this view in Unix milliseconds. */
  nowMillis: number;
  /** Query parameters of the HTTP interface. */
  params: { from: string; to: string };
  /** Query of links to other pages, "" for the default range, else `from=..&to=..`. */
  linkQuery: string;
  setRange: (tokens: TimeRangeTokens) => void;
  /** Moves `now` and asks again for everything on the page. */
  refresh: () => void;
}

/** The time range of the URL (`from`, `to`), shared by all pages. What cannot be read counts as the default. */
export function useTimeRange(): TimeRange {
  const clock = useContext(ClockContext);
  if (clock === null) throw new Error("useTimeRange needs a TimeRangeProvider above it");
  const { nowMillis, tick } = clock;
  const client = useQueryClient();
  const [url, setUrl] = useQueryStates(
    {
      from: parseAsString.withDefault(DEFAULT_RANGE.from),
      to: parseAsString.withDefault(DEFAULT_RANGE.to),
    },
    { history: "push", scroll: false },
  );

  return useMemo(() => {
    const asked = { from: url.from, to: url.to };
    const resolved = resolveRange(asked, nowMillis);
    const tokens = resolved === undefined ? DEFAULT_RANGE : asked;
    const hourNs = 3_600_000_000_000n;
    const nowNs = BigInt(nowMillis) * 1_000_000n;
    const { from, to } = resolved ?? { from: nowNs - hourNs, to: nowNs };
    return {
      tokens,
      fromNs: from,
      toNs: to,
      nowMillis,
      params: { from: String(from), to: String(to) },
      linkQuery: toLinkQuery(tokens),
      setRange: (next) => {
        tick();
        void setUrl({ from: next.from, to: next.to });
      },
      refresh: () => {
        tick();
        void client.invalidateQueries();
      },
    };
  }, [nowMillis, url.from, url.to, tick, setUrl, client]);
}

function toLinkQuery(tokens: TimeRangeTokens): string {
  const query = new URLSearchParams();
  if (tokens.from !== DEFAULT_RANGE.from) query.set("from", tokens.from);
  if (tokens.to !== DEFAULT_RANGE.to) query.set("to", tokens.to);
  return query.toString();
}

/** @returns a function that builds links to pages and keeps the range: `link("/traces", { service: "cart" })` */
export function useRangeLink(): (
  path: string,
  params?: Readonly<Record<string, string | readonly string[]>>,
) => string {
  const { linkQuery } = useTimeRange();
  return useCallback(
    (path, params = {}) => {
      const query = new URLSearchParams();
      for (const [key, value] of Object.entries(params)) {
        for (const item of typeof value === "string" ? [value] : value) query.append(key, item);
      }
      const text = [query.toString(), linkQuery].filter((part) => part !== "").join("&");
      return text === "" ? path : `${path}?${text}`;
    },
    [linkQuery],
  );
}

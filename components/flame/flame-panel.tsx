"use client";
import { ArrowUpDown } from "lucide-react";
import { debounce, parseAsString, parseAsStringLiteral, useQueryStates } from "nuqs";
import { type KeyboardEvent, type ReactNode, useMemo, useRef } from "react";
import { useServiceColour } from "@/components/data/use-services";
import { cn } from "@/components/ui/cn";
import { ErrorState } from "@/components/ui/error-state";
import { IconButton } from "@/components/ui/icon-button";
import { colourOf, REST_COLOUR } from "@/components/ui/palette";
import { ProgressLine } from "@/components/ui/progress-line";
import { Segmented } from "@/components/ui/segmented";
import { Skeleton } from "@/components/ui/skeleton";
import { UNATTRIBUTED } from "@/lib/correlation/selector";
import { formatCountExact } from "@/lib/format";
import { buildDrawnTree, countFrames } from "./drawn-tree";
import { FlameBreadcrumb } from "./flame-breadcrumb";
import { FlameChart } from "./flame-chart";
import { FlameEmpty } from "./flame-empty";
import { FlameExport } from "./flame-export";
import { FlameSearch, Matched } from "./flame-search";
import type { FlameSelector } from "./flame-selector";
import { FlameSkeleton } from "./flame-skeleton";
import { FlameSummary } from "./flame-summary";
import { buildMatcher } from "./frame-search";
import { FunctionsTable } from "./functions-table";
import { MAX_NODES, useFlameView } from "./use-flame-view";

export interface FlamePanelProps {
  /** Whose samples. Give the same strings that stand in the URL; a new object with equal content costs nothing. */
  selector: FlameSelector;
  /** First level of the graph: `service` (default for a trace) or `endpoint`; otherwise it starts with functions. */
  group?: "service" | "endpoint";
  /** CSS colour of a first-level frame, to agree with the page around it; default the service's or endpoint's own. */
  groupColour?: (name: string) => string;
  /** Heading of the panel and part of the graph's accessible name; default "Flame graph". */
  title?: string;
  /** Stands at the end of the heading line: a button that widens the selection, a type picker. */
  actions?: ReactNode;
  /** Height in px to keep free while the first answer is on its way; default 320. */
  minHeight?: number;
  className?: string;
}

const MODES = ["graph", "functions"] as const;
/** Cut frames below this share of the drawing are a few pixels at most and are left out. */
const MIN_CUT_SHARE = 1 / 300;

const urlState = {
  /** id of the zoomed node; each zoom is a step of the browser's history */
  focus: parseAsString.withOptions({ history: "push" }),
  fq: parseAsString.withDefault("").withOptions({ limitUrlUpdates: debounce(200) }),
  fview: parseAsStringLiteral(MODES).withDefault("graph"),
  froot: parseAsStringLiteral(["top", "below"]).withDefault("top"),
};

/**
 * The flame graph of a selection of samples, with zoom, search, functions table and export. It fetches its own data
 * (`/api/v1/flamegraph`, `/api/v1/functions`) and keeps showing the last graph until the one of a new selector is there.
 * What is looked at stands in the URL: `focus` (zoomed node), `fq` (search), `fview` (graph or functions), `froot`
 * (root on top or below); one panel per page, therefore. It needs the app's providers: query client, nuqs, tooltips.
 *
 *     <FlamePanel selector={{ type: "cpu", trace_id: traceId, span_id: spanId, scope: "subtree" }} group="service" />
 */
export function FlamePanel(props: FlamePanelProps) {
  const { selector, title = "Flame graph", actions, minHeight = 320, className } = props;
  const group = props.group ?? (selector.trace_id === undefined ? undefined : "service");
  const [state, setState] = useQueryStates(urlState);
  const { focus, fq, fview, froot } = state;
  const { whole, own, view, matched, searching } = useFlameView(selector, { group, focus, query: fq });
  const serviceColour = useServiceColour();
  const groupColour =
    group === undefined
      ? null
      : (props.groupColour ?? (group === "service" ? serviceColour : endpointColour));
  const search = useRef<HTMLInputElement>(null);
  const body = useRef<HTMLDivElement>(null);

  const matcher = useMemo(() => buildMatcher(fq), [fq]);
  const tree = useMemo(
    () => (view === null ? null : buildDrawnTree(view.node, view.ancestors, view.node.total * MIN_CUT_SHARE)),
    [view],
  );
  const answer = whole.data;
  const scale = useMemo(
    () => ({ unit: answer?.unit ?? "count", whole: answer?.root.total ?? 0, zoomed: view?.node.total ?? 0 }),
    [answer?.unit, answer?.root.total, view?.node.total],
  );
  const drawnMatches = useMemo(
    () => (tree === null || matcher === null ? 0 : countFrames(tree, matcher)),
    [tree, matcher],
  );

  const zoomTo = (id: string | null) => {
    const next = id === answer?.root.id ? null : id;
    if (next !== focus) void setState({ focus: next });
  };
  const keys = (event: KeyboardEvent) => {
    const typing = event.target instanceof HTMLInputElement;
    if (event.key === "/" && !typing) {
      event.preventDefault();
      search.current?.focus();
    } else if (event.key === "Escape" && !typing && focus !== null) {
      event.preventDefault();
      zoomTo(null);
    } else if (event.key === "Backspace" && !typing && focus !== null) {
      event.preventDefault();
      zoomTo(view?.ancestors.at(-1)?.id ?? null);
    }
  };

  const empty = answer !== undefined && answer.total === 0 && answer.sampleCount === 0;
  const failed = answer === undefined && whole.error !== null;
  const busy = whole.isFetching || own.isFetching;
  return (
    <section
      aria-label={title}
      aria-busy={busy}
      onKeyDown={keys}
      className={cn("min-w-0 rounded-lg border border-line bg-surface", className)}
    >
      <header className="flex min-h-11 flex-wrap items-center gap-x-3 gap-y-1 px-3 py-2">
        <h2 className="font-medium text-md">{title}</h2>
        {answer !== undefined && !empty && (
          <FlameSummary answer={answer} selector={selector} stale={whole.isPlaceholderData} />
        )}
        {answer === undefined && whole.error === null && <Skeleton className="w-72" />}
        <div className="ml-auto flex flex-wrap items-center gap-1">{actions}</div>
      </header>
      {!empty && !failed && (
        <div className="z-20 border-line border-y bg-surface sm:sticky sm:top-11">
          <div className="@container flex flex-wrap items-center gap-x-2 gap-y-1.5 px-3 py-1.5 sm:flex-nowrap">
            <Segmented
              label="View"
              value={fview}
              options={[
                { value: "graph", label: "Graph" },
                { value: "functions", label: "Functions" },
              ]}
              onChange={(next) => void setState({ fview: next })}
            />
            <FlameSearch
              input={search}
              query={fq}
              onChange={(next) => void setState({ fq: next })}
              onLeave={() => body.current?.querySelector<HTMLElement>("[role=tree], table button")?.focus()}
            />
            {matcher !== null && answer !== undefined && (
              <Matched
                matched={matched}
                unit={answer.unit}
                whole={answer.root.total}
                drawn={drawnMatches}
                pending={searching}
              />
            )}
            <div className="ml-auto flex items-center gap-1">
              {fview === "graph" && (
                <IconButton
                  label={froot === "top" ? "Put the root at the bottom" : "Put the root on top"}
                  onClick={() => void setState({ froot: froot === "top" ? "below" : "top" })}
                >
                  <ArrowUpDown aria-hidden />
                </IconButton>
              )}
              <FlameExport selector={selector} />
            </div>
          </div>
          {fview === "graph" && (
            <div className="flex items-center border-line border-t px-3 py-1">
              <FlameBreadcrumb view={view} unit={scale.unit} whole={scale.whole} onZoom={zoomTo} />
            </div>
          )}
          <ProgressLine active={busy} className="-mb-0.5" />
        </div>
      )}
      <div ref={body} className={cn("px-3 pt-2 pb-3", whole.isPlaceholderData && "opacity-60")}>
        {answer === undefined && whole.error === null && <FlameSkeleton minHeight={minHeight} />}
        {answer === undefined && whole.error !== null && (
          <ErrorState
            title="The flame graph could not be loaded"
            error={whole.error}
            onRetry={() => whole.refetch()}
            retrying={whole.isFetching}
          />
        )}
        {empty && <FlameEmpty answer={answer} selector={selector} />}
        {answer !== undefined && !empty && fview === "functions" && (
          <FunctionsTable
            selector={selector}
            matcher={matcher}
            onFind={(name) => void setState({ fq: name, fview: "graph", focus: null })}
          />
        )}
        {answer !== undefined && !empty && fview === "graph" && tree !== null && view !== null && (
          <>
            <ZoomNote state={view.state} pending={busy} failed={own.error} onReset={() => zoomTo(null)} />
            <FlameChart
              tree={tree}
              scale={scale}
              label={`${title}: ${answer.nodeCount} frames. Arrow keys move, Enter zooms, Escape shows all. The functions view has the same as a table.`}
              groupColour={groupColour}
              rootOnTop={froot === "top"}
              matcher={matcher}
              onZoom={zoomTo}
            />
            {answer.truncated && (
              <p className="mt-2 text-muted text-sm">
                Drawn: the {formatCountExact(MAX_NODES)} widest frames; totals are exact. Zoom or click a
                hatched frame to see what is below the cut.
              </p>
            )}
          </>
        )}
      </div>
    </section>
  );
}

function endpointColour(endpoint: string): string {
  return endpoint === UNATTRIBUTED ? REST_COLOUR : colourOf(endpoint);
}

/** When a link or a new selection points into a frame that is not there, or its own frames cannot be loaded. */
function ZoomNote(props: { state: string; pending: boolean; failed: Error | null; onReset: () => void }) {
  if (props.pending || (props.state !== "missing" && props.failed === null)) return null;
  const text =
    props.failed?.message ?? "The zoomed frame has no samples in this selection: all of it is shown.";
  return (
    <p role="status" className="mb-2 flex items-center gap-2 rounded-md bg-sunken px-2 py-1 text-sm">
      {text}
      <button type="button" className="underline" onClick={props.onReset}>
        Reset zoom
      </button>
    </p>
  );
}

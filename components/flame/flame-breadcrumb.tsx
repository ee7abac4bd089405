"use client";
import { ChevronRight, RotateCcw } from "lucide-react";
import { Button } from "@/components/ui/button";
import { Kbd } from "@/components/ui/kbd";
import { formatPercent, formatValue } from "@/lib/format";
import { parseFrameName } from "./frame-name";
import type { ZoomedView } from "./zoomed-view";

interface FlameBreadcrumbProps {
  /** null while nothing is loaded */
  view: ZoomedView | null;
  unit: string;
  whole: number;
  onZoom: (id: string | null) => void;
}

/** Callers shown by name next to the zoomed frame; those between them and the root are one step, "… 23". */
const NEAREST = 2;

/** Where the zoom stands and the way back, one line of the same height whether zoomed or not. */
export function FlameBreadcrumb({ view, unit, whole, onZoom }: FlameBreadcrumbProps) {
  const node = view?.node;
  const ancestors = view?.ancestors ?? [];
  const zoomed = ancestors.length > 0;
  const near = ancestors.slice(1).slice(-NEAREST);
  const hidden = ancestors.length - 1 - near.length;
  const passed = ancestors[ancestors.length - 1 - near.length];
  return (
    <nav
      aria-label="Zoom"
      className="flex min-h-7 min-w-0 flex-1 items-center gap-x-2 text-sm max-sm:flex-wrap"
    >
      <ol className="flex min-w-0 items-center max-sm:w-full">
        <Crumb first current={!zoomed}>
          {zoomed ? (
            <CrumbButton name="all" title="Show all" onClick={() => onZoom(null)} />
          ) : (
            <span>all</span>
          )}
        </Crumb>
        {hidden > 0 && passed !== undefined && (
          <Crumb>
            <CrumbButton
              name={`… ${hidden}`}
              title={`Up to ${passed.name}`}
              onClick={() => onZoom(passed.id)}
            />
          </Crumb>
        )}
        {near.map(({ id, name }) => (
          <Crumb key={id} shrinks>
            <CrumbButton name={parseFrameName(name, "").label} title={name} onClick={() => onZoom(id)} />
          </Crumb>
        ))}
        {node !== undefined && zoomed && (
          <Crumb current shrinks>
            <span title={node.name} className="min-w-0 truncate">
              {parseFrameName(node.name, node.file).label}
            </span>
          </Crumb>
        )}
      </ol>
      {!zoomed && (
        <span aria-hidden className="ml-auto flex items-center gap-1.5 text-subtle max-sm:hidden">
          <Kbd>↑</Kbd>
          <Kbd>↓</Kbd>
          <Kbd>←</Kbd>
          <Kbd>→</Kbd> move
          <Kbd>Enter</Kbd> or click zooms
        </span>
      )}
      {node !== undefined && zoomed && (
        <>
          <span className="shrink-0 text-muted tabular-nums">
            {formatValue(node.total, unit)} · {formatPercent(whole === 0 ? 0 : node.total / whole)}
          </span>
          <Button size="sm" onClick={() => onZoom(null)} title="Escape" className="ml-auto">
            <RotateCcw aria-hidden />
            Reset zoom
          </Button>
        </>
      )}
    </nav>
  );
}

function Crumb(props: { first?: boolean; current?: boolean; shrinks?: boolean; children: React.ReactNode }) {
  return (
    <li
      aria-current={props.current === true ? "location" : undefined}
      className={`flex items-center ${props.shrinks === true ? "min-w-8 shrink" : "shrink-0"} ${props.current === true ? "font-medium" : "text-muted"}`}
    >
      {props.first !== true && <ChevronRight aria-hidden className="size-3 shrink-0 text-subtle" />}
      {props.children}
    </li>
  );
}

function CrumbButton({ name, title, onClick }: { name: string; title: string; onClick: () => void }) {
  return (
    <button
      type="button"
      title={title}
      onClick={onClick}
      className="min-w-0 truncate rounded-sm px-1 hover:bg-hover hover:text-ink"
    >
      {name}
    </button>
  );
}

"use client";
import {
  type KeyboardEvent,
  type PointerEvent,
  useEffect,
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { formatPercent, formatValue } from "@/lib/format";
import type { DrawnFrame } from "./drawn-tree";
import "./flame.css";
import { CELL_HEIGHT, type ChartFrame, createFrameChart, type FrameChart, ROOT_NAME } from "./frame-chart";
import { buildFrameRows, type FrameMove, moveFrame } from "./frame-order";
import { type FrameScale, FrameTooltip } from "./frame-tooltip";

interface FlameChartProps {
  tree: DrawnFrame;
  scale: FrameScale;
  /** says what the graph is of, for screen readers */
  label: string;
  rootOnTop: boolean;
  /** null when the first level holds functions like any other */
  groupColour: ((name: string) => string) | null;
  /** null: no search */
  matcher: ((frame: { readonly name: string }) => boolean) | null;
  /** the id to zoom into */
  onZoom: (id: string) => void;
}

interface Tip {
  readonly frame: ChartFrame;
  readonly anchor: DOMRect;
  readonly x: number;
}

/**
 * The drawing with what one can do to it: pointer, keys, tooltip. One tab stop; arrow keys walk the frames
 * (`aria-activedescendant`), Enter zooms.
 */
export function FlameChart({ tree, scale, label, rootOnTop, groupColour, matcher, onZoom }: FlameChartProps) {
  const idPrefix = `${useId()}-`;
  const hatchId = `${idPrefix}hatch`;
  const element = useRef<HTMLDivElement>(null);
  const spot = useRef<HTMLSpanElement>(null);
  const chart = useRef<FrameChart | null>(null);
  const width = useWidth(element);
  const [frames, setFrames] = useState<readonly ChartFrame[]>([]);
  const [active, setActive] = useState<ChartFrame | null>(null);
  const [tip, setTip] = useState<Tip | null>(null);
  const zoom = useRef(onZoom);
  zoom.current = onZoom;

  useLayoutEffect(() => {
    if (element.current === null) return;
    const created = createFrameChart(element.current, (frame) => {
      setTip(null);
      zoom.current(frame.data.id);
    });
    chart.current = created;
    return () => {
      created.destroy();
      chart.current = null;
    };
  }, []);

  const { unit, whole, zoomed } = scale;
  useLayoutEffect(() => {
    if (chart.current === null || width === 0) return;
    const nameForReaders = (frame: DrawnFrame) => describeFrame(frame, { unit, whole, zoomed });
    const cutShare = (frame: DrawnFrame) => formatPercent(frame.value / zoomed);
    chart.current.draw(tree, { width, rootOnTop, hatchId, groupColour, idPrefix, nameForReaders, cutShare });
    const drawn = chart.current.frames();
    setFrames(drawn);
    setTip(null);
    setActive(
      (previous) =>
        drawn.find(({ data }) => data.id === previous?.data.id && data.kind !== "cut") ??
        drawn.find(({ data }) => data.kind === "frame") ??
        null,
    );
  }, [tree, width, rootOnTop, hatchId, groupColour, idPrefix, unit, whole, zoomed]);

  useLayoutEffect(() => {
    if (frames.length > 0) chart.current?.mark(matcher);
  }, [matcher, frames]);

  useEffect(() => {
    if (tip === null) return;
    // The anchor was where the frame stood; after a scroll something else stands there.
    const hide = () => setTip(null);
    window.addEventListener("scroll", hide, { capture: true, passive: true });
    return () => window.removeEventListener("scroll", hide, { capture: true });
  }, [tip]);

  const follow = (event: PointerEvent) => {
    if (event.pointerType === "touch") return;
    const frame = chart.current?.frameAt(event.target) ?? null;
    const anchor = frame === null ? undefined : chart.current?.elementOf(frame)?.getBoundingClientRect();
    setTip(frame === null || anchor === undefined ? null : { frame, anchor, x: event.clientX });
  };

  const activate = (frame: ChartFrame) => {
    setActive(frame);
    chart.current?.point(frame);
    const drawn = chart.current?.elementOf(frame);
    if (drawn && spot.current !== null && element.current !== null) {
      const top = drawn.getBoundingClientRect().top - element.current.getBoundingClientRect().top;
      spot.current.style.top = `${top}px`;
      spot.current.scrollIntoView({ block: "nearest" });
    }
    const anchor = drawn?.getBoundingClientRect();
    setTip(anchor === undefined ? null : { frame, anchor, x: Math.max(anchor.left, 0) });
  };

  const rows = useMemo(() => buildFrameRows(frames), [frames]);
  const walk = (event: KeyboardEvent) => {
    if (active === null || event.altKey || event.ctrlKey || event.metaKey) return;
    const move = moveOf(event.key, rootOnTop);
    if (move !== null) {
      event.preventDefault();
      activate(moveFrame(rows, active, move));
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      onZoom(active.data.id);
    }
  };

  return (
    <>
      <svg aria-hidden className="absolute size-0">
        <defs>
          <pattern
            id={hatchId}
            width="6"
            height="6"
            patternUnits="userSpaceOnUse"
            patternTransform="rotate(45)"
          >
            <rect width="6" height="6" className="flame-hatch-ground" />
            <rect width="2" height="6" className="flame-hatch-line" />
          </pattern>
        </defs>
      </svg>
      {/* SVG elements have no scroll margin, and the panel's bar sticks over the graph: this stands in for the frame. */}
      <div className="relative">
        <span ref={spot} aria-hidden className="flame-spot" />
      </div>
      <div
        ref={element}
        role="tree"
        aria-label={label}
        aria-activedescendant={active === null ? undefined : `${idPrefix}${active.id}`}
        tabIndex={0}
        className="flame"
        style={{ minHeight: CELL_HEIGHT }}
        onKeyDown={walk}
        onPointerMove={follow}
        onPointerLeave={() => setTip(null)}
        onFocus={(event) => {
          // Outlined for those who came by key; a click zooms and needs no outline.
          if (active !== null && event.currentTarget.matches(":focus-visible")) activate(active);
        }}
        onBlur={() => {
          chart.current?.point(null);
          setTip(null);
        }}
      />
      {tip !== null && <FrameTooltip frame={tip.frame.data} anchor={tip.anchor} x={tip.x} scale={scale} />}
    </>
  );
}

/** Arrows go where they point: with the root on top, down is towards the leaves. */
function moveOf(key: string, rootOnTop: boolean): FrameMove | null {
  switch (key) {
    case "ArrowUp":
      return rootOnTop ? "parent" : "child";
    case "ArrowDown":
      return rootOnTop ? "child" : "parent";
    case "ArrowLeft":
      return "left";
    case "ArrowRight":
      return "right";
    case "Home":
      return "first";
    case "End":
      return "last";
    default:
      return null;
  }
}

function describeFrame(frame: DrawnFrame, { unit, whole, zoomed }: FrameScale): string {
  const share = `${formatValue(frame.value, unit)}, ${formatPercent(frame.value / whole)}`;
  if (frame.kind === "cut") return `${formatPercent(frame.value / zoomed)} below the cut, ${share}`;
  if (frame.kind === "ancestor") return `${frame.name || ROOT_NAME}, caller of the zoomed frame`;
  return frame.self > 0
    ? `${frame.name || ROOT_NAME}, ${share}, self ${formatValue(frame.self, unit)}`
    : `${frame.name || ROOT_NAME}, ${share}`;
}

/** @returns the element's inner width in whole pixels, 0 before it is known */
function useWidth(element: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const target = element.current;
    if (target === null) return;
    setWidth(Math.floor(target.clientWidth));
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) setWidth(Math.floor(entry.contentRect.width));
    });
    observer.observe(target);
    return () => observer.disconnect();
  }, [element]);
  return width;
}

"use client";
import { type ReactNode, useLayoutEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { formatCountExact, formatPercent, formatValue, formatValueExact } from "@/lib/format";
import type { DrawnFrame } from "./drawn-tree";
import { ROOT_NAME } from "./frame-chart";
import { parseFrameName } from "./frame-name";
import { placeTooltip } from "./place-tooltip";

export interface FrameScale {
  readonly unit: string;
  /** of all samples */
  readonly whole: number;
  /** of the zoomed frame; equal to `whole` when nothing is zoomed */
  readonly zoomed: number;
}

interface FrameTooltipProps {
  frame: DrawnFrame;
  /** where the frame is on the screen */
  anchor: DOMRect;
  /** screen x of the pointer or of the frame's start */
  x: number;
  scale: FrameScale;
}

/** Everything about one frame, beside it and never over it. Not for screen readers: the frame's own label says the same. */
export function FrameTooltip({ frame, anchor, x, scale }: FrameTooltipProps) {
  const box = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState<{ left: number; top: number } | null>(null);
  useLayoutEffect(() => {
    const size = box.current?.getBoundingClientRect();
    const viewport = { width: document.documentElement.clientWidth, height: window.innerHeight };
    if (size !== undefined) setPlace(placeTooltip(anchor, x, size, viewport));
  }, [anchor, x]);
  return createPortal(
    <div
      ref={box}
      aria-hidden
      data-testid="frame-tooltip"
      className="pointer-events-none fixed z-50 w-max max-w-[min(34rem,calc(100vw-16px))] rounded-md border border-line-strong bg-raised px-3 py-2 text-sm shadow-popover"
      style={{
        left: place?.left ?? 0,
        top: place?.top ?? 0,
        visibility: place === null ? "hidden" : "visible",
      }}
    >
      {frame.kind === "cut" ? (
        <CutText frame={frame} scale={scale} />
      ) : (
        <FrameText frame={frame} scale={scale} />
      )}
    </div>,
    document.body,
  );
}

function FrameText({ frame, scale }: { frame: DrawnFrame; scale: FrameScale }) {
  const { prefix, label } = parseFrameName(frame.name || ROOT_NAME, frame.file);
  const known = frame.kind === "frame" || frame.sampleCount !== null;
  return (
    <>
      <p className="break-all font-mono text-sm leading-snug">
        <span className="text-muted">{prefix}</span>
        <span className="font-semibold">{label}</span>
      </p>
      {frame.file !== "" && (
        <p className="break-all font-mono text-muted text-xs">
          {frame.file}
          {frame.line > 0 && `:${frame.line}`}
        </p>
      )}
      {known && (
        <table className="mt-1.5 tabular-nums">
          <tbody>
            <Row name="Total" value={frame.value} scale={scale} />
            <Row name="Self" value={frame.self} scale={scale} />
            {frame.sampleCount !== null && (
              <tr>
                <th className="pr-3 text-left font-normal text-muted">Samples</th>
                <td className="text-right">{formatCountExact(frame.sampleCount)}</td>
              </tr>
            )}
          </tbody>
        </table>
      )}
    </>
  );
}

function Row({ name, value, scale }: { name: string; value: number; scale: FrameScale }) {
  const { unit, whole, zoomed } = scale;
  return (
    <tr>
      <th className="pr-3 text-left font-normal text-muted">{name}</th>
      <td className="text-right font-medium" title={formatValueExact(value, unit)}>
        {formatValue(value, unit)}
      </td>
      <td className="pl-3 text-right">{formatPercent(value / whole)}</td>
      <td className="pl-1 text-muted">of all</td>
      {zoomed !== whole && value <= zoomed && (
        <>
          <td className="pl-3 text-right">{formatPercent(value / zoomed)}</td>
          <td className="pl-1 text-muted">of zoomed</td>
        </>
      )}
    </tr>
  );
}

function CutText({ frame, scale }: { frame: DrawnFrame; scale: FrameScale }): ReactNode {
  return (
    <>
      <p className="font-medium">
        {formatValue(frame.value, scale.unit)} · {formatPercent(frame.value / scale.whole)} of all below the
        cut
      </p>
      <p className="text-muted">Callees that are not among the widest frames. Click to draw them.</p>
    </>
  );
}

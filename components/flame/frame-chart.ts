import flamegraph, { type FlameGraphNode, type FlameGraphTooltip } from "d3-flame-graph";
import { type Selection, select } from "d3-selection";
import type { DrawnFrame } from "./drawn-tree";
import { frameColour } from "./frame-colour";
import { labelRoom, MIN_LABEL_WIDTH, writeCutLabel, writeFrameName } from "./frame-label";
import { type FrameName, parseFrameName } from "./frame-name";

declare module "d3-selection" {
  // d3-flame-graph loads d3-transition, which adds this.
  interface Selection<GElement extends BaseType, Datum, PElement extends BaseType, PDatum> {
    interrupt(): this;
  }
}

export type ChartFrame = FlameGraphNode<DrawnFrame>;

export const CELL_HEIGHT = 20;
/** Narrower frames are not drawn: below this they are noise, and zooming brings them up. */
const MIN_FRAME_WIDTH = 1;
/** After the paint of the frame that drew it. */
const NAMING_DELAY_MS = 50;
/** The root is no function: it stands for all samples. */
export const ROOT_NAME = "all";

export interface FrameChartOptions {
  readonly width: number;
  /** icicle: root on top; flame: root below */
  readonly rootOnTop: boolean;
  readonly hatchId: string;
  /** colours the first level, which then stands for services or endpoints; null when it holds functions */
  readonly groupColour: ((name: string) => string) | null;
  /** begins the ids of the frames' elements */
  readonly idPrefix: string;
  /** what a screen reader says of a frame */
  nameForReaders(frame: DrawnFrame): string;
  /** the share of a cut frame: `3.2 %` */
  cutShare(frame: DrawnFrame): string;
}

/** Draws one hierarchy at a time into `element`. The only file that knows d3-flame-graph. */
export interface FrameChart {
  draw(tree: DrawnFrame, options: FrameChartOptions): void;
  /** as drawn, in no order */
  frames(): readonly ChartFrame[];
  frameAt(target: EventTarget | null): ChartFrame | null;
  elementOf(frame: ChartFrame): Element | null;
  /** Outlines a frame. */
  point(frame: ChartFrame | null): void;
  /** Lights up what matches and dims the rest; null takes the light away. @returns how many frames match */
  mark(matches: ((frame: DrawnFrame) => boolean) | null): number;
  destroy(): void;
}

/**
 * d3-flame-graph lays frames out and keeps their elements. It starts a transition per rectangle and label that lasts
 * 250 ms whatever duration is set; `settle` ends them all at once, so that the first painted picture is the finished one.
 *
 * Zooming draws another hierarchy instead of using the package's own zoom, which writes into the data and keeps the
 * siblings' elements. Its click handlers on the frames are kept from running by a listener in the capture phase.
 *
 * @param onPick a frame was clicked
 */
export function createFrameChart(element: HTMLElement, onPick: (frame: ChartFrame) => void): FrameChart {
  let frames: ChartFrame[] = [];
  let elements = new Map<ChartFrame, SVGGElement>();
  let drawn = false;
  let marked = false;
  let naming: ReturnType<typeof setTimeout> | undefined;
  let options: FrameChartOptions | null = null;
  const names = new WeakMap<DrawnFrame, FrameName>();
  const container: Selection<HTMLElement, DrawnFrame, null, undefined> = select(element);

  const nameOf = (frame: DrawnFrame): FrameName => {
    const known = names.get(frame) ?? parseFrameName(frame.name, frame.file);
    names.set(frame, known);
    return known;
  };

  const chart = flamegraph<DrawnFrame>()
    .cellHeight(CELL_HEIGHT) // the style sheet draws rectangles one lower
    .transitionDuration(0)
    .minFrameSize(MIN_FRAME_WIDTH)
    .resetHeightOnZoom(true)
    .tooltip(noTooltip())
    .setColorMapper(({ data, depth }) => {
      if (data.kind === "cut") return `url(#${options?.hatchId})`;
      if (depth === 0) return "var(--flame-root)";
      const group = depth === 1 ? options?.groupColour : null;
      // The hue that the name has elsewhere on the page, in the lightness that all frames have.
      if (group)
        return `oklch(from ${group(data.name)} var(--flame-lightness) min(c, var(--flame-chroma-group)) h)`;
      return frameColour(nameOf(data));
    });

  const pick = (event: MouseEvent) => {
    event.stopPropagation();
    const frame = frameAt(event.target);
    if (frame !== null) onPick(frame);
  };
  element.addEventListener("click", pick, { capture: true });

  function frameAt(target: EventTarget | null): ChartFrame | null {
    const group = target instanceof Element ? target.closest("g.frame") : null;
    return group === null ? null : select<Element, ChartFrame>(group).datum();
  }

  /** Writes as little as it can: a graph is some 1,500 frames, and each attribute set on all of them costs about 2 ms. */
  function settle({ width, rootOnTop, idPrefix, groupColour, cutShare }: FrameChartOptions): void {
    const svg = container.select<SVGSVGElement>("svg");
    svg.selectAll("g.frame, g.frame rect, g.frame div").interrupt();
    const groups = svg.selectAll<SVGGElement, ChartFrame>("g.frame");

    frames = groups.data();
    elements = new Map();
    marked = false;
    const height = CELL_HEIGHT * (1 + frames.reduce((deepest, { depth }) => Math.max(deepest, depth), 0));
    svg.attr("height", height).attr("role", "none");
    groups.each(function (frame) {
      const { data, depth } = frame;
      // Whole pixels, with a gap of one between frames: crisp edges, and neighbours stay apart without a stroke.
      const left = Math.round(frame.x0 * width);
      const space = Math.round(frame.x1 * width) - left;
      const top = rootOnTop ? depth * CELL_HEIGHT : height - (depth + 1) * CELL_HEIGHT;
      const [rect, label] = [this.firstElementChild, this.lastElementChild];
      const text = label?.firstElementChild;
      if (!rect || !(label instanceof SVGElement) || !(text instanceof HTMLElement)) return;
      elements.set(frame, this);
      const kind = groupColour !== null && depth === 1 && data.kind !== "cut" ? "group" : data.kind;
      this.setAttribute("transform", `translate(${left},${top})`);
      this.setAttribute("class", `frame ${kind}`);
      if (this.id === "") {
        this.id = `${idPrefix}${frame.id}`; // of the element, which d3-flame-graph finds again by the same number
        this.setAttribute("role", "treeitem");
      }
      rect.setAttribute("width", String(Math.max(1, space - 1)));
      const labelled = space >= MIN_LABEL_WIDTH;
      label.style.display = labelled ? "" : "none";
      if (!labelled) return;
      text.style.display = "block";
      if (data.kind === "cut") writeCutLabel(text, cutShare(data), labelRoom(space));
      else if (depth === 0) text.textContent = ROOT_NAME;
      else writeFrameName(text, nameOf(data), labelRoom(space));
    });
  }

  /** What screen readers say; the picture does not wait for it. */
  function nameFrames(): void {
    for (const [frame, group] of elements) nameFrame(frame, group);
  }

  function nameFrame(frame: ChartFrame, group: SVGGElement): void {
    group.setAttribute("aria-level", String(frame.depth + 1));
    group.setAttribute("aria-label", options?.nameForReaders(frame.data) ?? frame.data.name);
  }

  /** Callers of what matches keep a part of their colour, so that the eye finds the way down. */
  function markPaths(): void {
    for (const [frame, group] of elements) {
      if (!group.classList.contains("match")) continue;
      for (let caller = frame.parent; caller !== null; caller = caller.parent) {
        const above = elements.get(caller)?.classList;
        if (above === undefined || above.contains("path")) break;
        above.add("path");
      }
    }
  }

  const cursor = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  cursor.setAttribute("class", "flame-cursor");

  return {
    frameAt,
    frames: () => frames,
    elementOf: (frame) => elements.get(frame) ?? null,
    draw(tree, next) {
      options = next;
      chart.width(next.width).inverted(next.rootOnTop);
      // Not `chart(selection)` again: it tells laid-out data by a class name that minifying changes.
      if (drawn) chart.update(tree);
      else container.datum(tree).call(chart);
      drawn = true;
      settle(next);
      clearTimeout(naming);
      naming = setTimeout(nameFrames, NAMING_DELAY_MS);
      element.querySelector("svg")?.append(cursor);
      cursor.setAttribute("visibility", "hidden");
    },
    point(frame) {
      const group = frame === null ? undefined : elements.get(frame);
      const rect = group?.firstElementChild;
      cursor.setAttribute("visibility", rect ? "visible" : "hidden");
      if (frame === null || !group || !rect) return;
      nameFrame(frame, group);
      for (const name of ["width", "height"]) cursor.setAttribute(name, rect.getAttribute(name) ?? "0");
      cursor.setAttribute("transform", group.getAttribute("transform") ?? "");
    },
    mark(matches) {
      let count = 0;
      if (matches === null && !marked) return count;
      marked = matches !== null;
      element.classList.toggle("searching", matches !== null);
      for (const [frame, group] of elements) {
        const match = matches?.(frame.data) ?? false;
        group.classList.toggle("match", match);
        group.classList.remove("path");
        if (match) count++;
      }
      if (count > 0 && matches !== null) markPaths();
      return count;
    },
    destroy() {
      clearTimeout(naming);
      element.removeEventListener("click", pick, { capture: true });
      container.selectAll("g.frame, g.frame rect, g.frame div").interrupt();
      chart.destroy();
      element.replaceChildren();
      container.datum(null);
      frames = [];
      elements = new Map();
    },
  };
}

function noTooltip(): FlameGraphTooltip {
  return Object.assign(() => undefined, { show: () => undefined, hide: () => undefined });
}

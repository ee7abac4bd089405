/** The part of d3-flame-graph 5 that components/flame uses; the package brings no types of its own. */
declare module "d3-flame-graph" {
  import type { Selection } from "d3-selection";

  /** A datum placed by d3-hierarchy: x0..x1 is its share of the root's width, 0..1. */
  export interface FlameGraphNode<Datum> {
    /** position in this drawing's traversal; not stable between drawings */
    readonly id: number;
    readonly data: Datum;
    readonly value: number;
    readonly depth: number;
    readonly x0: number;
    readonly x1: number;
    readonly parent: FlameGraphNode<Datum> | null;
    readonly children?: readonly FlameGraphNode<Datum>[];
  }

  /** Stands in for the package's own tooltip; with one set, frames get no `<title>`. */
  export interface FlameGraphTooltip {
    (svg: unknown): void;
    show(event: unknown, node: unknown): void;
    hide(): void;
  }

  export interface FlameGraph<Datum extends object> {
    (selection: Selection<HTMLElement, Datum, null, undefined>): void;
    width(pixels: number): this;
    cellHeight(pixels: number): this;
    minFrameSize(pixels: number): this;
    transitionDuration(millis: number): this;
    inverted(rootOnTop: boolean): this;
    resetHeightOnZoom(reset: boolean): this;
    tooltip(tooltip: FlameGraphTooltip): this;
    setColorMapper(colour: (node: FlameGraphNode<Datum>, original: string) => string): this;
    /** Without data: lays out again; with data: replaces the hierarchy. */
    update(data?: Datum): this;
    destroy(): this;
  }

  export default function flamegraph<Datum extends object>(): FlameGraph<Datum>;
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}
interface Size {
  readonly width: number;
  readonly height: number;
}

const GAP = 8;
const EDGE = 8;
const POINTER = 12;

/**
 * Below the frame, above it where there is no room below: the frame itself and its name stay readable.
 *
 * @param x screen x to start from
 * @returns the tooltip's corner in screen pixels, inside the viewport
 */
export function placeTooltip(
  frame: Box,
  x: number,
  tip: Size,
  viewport: Size,
): { left: number; top: number } {
  const left = Math.max(EDGE, Math.min(x + POINTER, viewport.width - tip.width - EDGE));
  const below = frame.bottom + GAP;
  const above = frame.top - GAP - tip.height;
  const fitsBelow = below + tip.height + EDGE <= viewport.height;
  return { left, top: fitsBelow || above < EDGE ? below : above };
}

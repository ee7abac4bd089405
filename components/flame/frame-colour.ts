import type { FrameName, FrameOrigin } from "./frame-name";

/**
 * Hues that a package may have: all but 15..75 degrees, which elsewhere on the page mean "on CPU" and "error".
 * They are 15 degrees apart, about what the eye tells apart at this chroma.
 */
const FIRST_HUE = 80;
const HUE_STEP = 15;
const HUES = 20;

const CHROMA: Record<FrameOrigin, string> = {
  app: "var(--flame-chroma-app)",
  library: "var(--flame-chroma-library)",
  stdlib: "var(--flame-chroma-stdlib)",
  runtime: "var(--flame-chroma-runtime)",
};

/**
 * The fill of a frame, the same in every graph, session and browser: the hue is the package's, the chroma tells whose code
 * it is. Lightness and chroma are CSS variables of the theme, so a change of theme redraws nothing; lightness is one for
 * all frames, so that no package looks hotter than another and every label has the same contrast.
 *
 * @returns a CSS colour, valid as a `fill` attribute
 */
export function frameColour(name: FrameName): string {
  return `oklch(var(--flame-lightness) ${CHROMA[name.origin]} ${packageHue(name.module)})`;
}

/** @returns degrees in OKLCH, 0..359 */
export function packageHue(module: string): number {
  return (FIRST_HUE + (hash(module) % HUES) * HUE_STEP) % 360;
}

/** FNV-1a with a last mix: neighbours such as `shop/cart` and `shop/card` land far apart. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d);
  return (value ^ (value >>> 13)) >>> 0;
}

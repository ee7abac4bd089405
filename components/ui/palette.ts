/**
 * Which of the ten categorical colours (`--cat-0` ... `--cat-9` in app/globals.css) stands for a name.
 * The answer is a CSS variable, so a change of theme needs no rendering.
 */
export const CATEGORY_COUNT = 10;

/** For "everything else": unattributed CPU, the tail of a long list. */
export const REST_COLOUR = "var(--cat-rest)";

/** FNV-1a over UTF-16 units, 32 bits, with a final mix: short names that differ in one letter land far apart. */
function hash(name: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x45d9f3b);
  return (h ^ (h >>> 15)) >>> 0;
}

/** The colour that a name has when nothing else is on the screen with it. */
export function colourOf(name: string): string {
  return `var(--cat-${hash(name) % CATEGORY_COUNT})`;
}

/**
 * Colours for names shown together: each its own while there are no more than ten, and far apart while there are few. A name
 * keeps the colour of `colourOf` unless one before it in the alphabet is on it or close by; the order of `names` does not matter.
 */
export function assignColours(names: Iterable<string>): ReadonlyMap<string, string> {
  const sorted = [...new Set(names)].sort();
  const wanted = Math.max(1, Math.min(3, Math.floor(CATEGORY_COUNT / Math.max(1, sorted.length))));
  const colours = new Map<string, string>();
  let taken: number[] = [];
  for (const name of sorted) {
    if (taken.length === CATEGORY_COUNT) taken = [];
    const slot = findSlot(hash(name) % CATEGORY_COUNT, taken, wanted);
    taken.push(slot);
    colours.set(name, `var(--cat-${slot})`);
  }
  return colours;
}

/** The first slot from `start` on that is `distance` hues away from all taken ones, else the first nearer one. */
function findSlot(start: number, taken: readonly number[], distance: number): number {
  for (let apart = distance; apart > 0; apart--) {
    for (let i = 0; i < CATEGORY_COUNT; i++) {
      const slot = (start + i) % CATEGORY_COUNT;
      if (taken.every((other) => hueDistance(slot, other) >= apart)) return slot;
    }
  }
  return start;
}

/** Slots are in the order of their hues, round a circle. */
function hueDistance(a: number, b: number): number {
  const steps = Math.abs(a - b);
  return Math.min(steps, CATEGORY_COUNT - steps);
}

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
 * Colours for names shown together: each gets its own colour while there are no more than ten. A name keeps the colour of
 * `colourOf` unless one before it in the alphabet holds that; the order of `names` does not matter.
 */
export function assignColours(names: Iterable<string>): ReadonlyMap<string, string> {
  const colours = new Map<string, string>();
  let taken = new Set<number>();
  for (const name of [...new Set(names)].sort()) {
    if (taken.size === CATEGORY_COUNT) taken = new Set();
    let slot = hash(name) % CATEGORY_COUNT;
    while (taken.has(slot)) slot = (slot + 1) % CATEGORY_COUNT;
    taken.add(slot);
    colours.set(name, `var(--cat-${slot})`);
  }
  return colours;
}

import { type FrameName, fitFrameName } from "./frame-name";

/** Narrower frames have no label, and no room is laid out for one. */
export const MIN_LABEL_WIDTH = 26;
/** Of 12 px Inter, measured over Go and Node function names; a little generous, CSS cuts what is still too long. */
const CHARACTER_WIDTH = 6.3;
const PADDING = 8;

/** @returns how many characters a frame of this width in px has room for */
export function labelRoom(width: number): number {
  return Math.floor((width - PADDING) / CHARACTER_WIDTH);
}

/** Puts a function's name into its frame, the package dimmed. */
export function writeFrameName(text: HTMLElement, name: FrameName, room: number): void {
  const { prefix, label } = fitFrameName(name, room) ?? { prefix: "", label: "" };
  if (prefix === "") {
    text.textContent = label;
    return;
  }
  const dimmed = document.createElement("span");
  dimmed.textContent = prefix;
  text.replaceChildren(dimmed, label);
}

/** @param share `3.2 %` */
export function writeCutLabel(text: HTMLElement, share: string, room: number): void {
  const long = `${share} below the cut`;
  text.textContent = long.length <= room ? long : share.length <= room ? share : "";
}

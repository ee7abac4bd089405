import { expect, test } from "vitest";
import { placeTooltip } from "./place-tooltip";

const VIEWPORT = { width: 1000, height: 600 };
const TIP = { width: 300, height: 100 };
const frame = (top: number) => ({ left: 0, right: 1000, top, bottom: top + 20 });

test("it stands below the frame, and above where there is no room below", () => {
  expect(placeTooltip(frame(100), 50, TIP, VIEWPORT)).toEqual({ left: 62, top: 128 });
  expect(placeTooltip(frame(500), 50, TIP, VIEWPORT)).toEqual({ left: 62, top: 392 });
});

test("it stays inside the viewport and off the frame wherever the pointer is", () => {
  for (let top = 0; top <= 580; top += 20) {
    for (let x = -50; x <= 1050; x += 50) {
      const place = placeTooltip(frame(top), x, TIP, VIEWPORT);
      expect(place.left).toBeGreaterThanOrEqual(0);
      expect(place.left + TIP.width).toBeLessThanOrEqual(VIEWPORT.width);
      expect(place.top).toBeGreaterThanOrEqual(0);
      expect(place.top + TIP.height).toBeLessThanOrEqual(VIEWPORT.height);
      expect(place.top >= top + 20 || place.top + TIP.height <= top).toBe(true);
    }
  }
});

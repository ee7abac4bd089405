/**
 * From the click on a row of the table of traces to its painted flame graph, beside speedscope opening the very same
 * samples (as our pprof export) in the same Chromium; in turn, so that a busy machine disturbs both alike.
 *
 *   ours        the click's own timestamp -> the frame after the one in which all frames of the graph are in the page
 *   speedscope  begin of the navigation to its page -> the frame after the one in which its flame graph got its labels
 */
import { join } from "node:path";
import { type Browser, chromium, type Page } from "@playwright/test";
import { type Figure, spreadOf } from "./figure";
import type { Hotspan } from "./hotspan";
import { serveFolder } from "./static-server";

const WAIT_MS = 30_000;

export interface TraceToOpen {
  readonly name: string;
  readonly traceId: string;
  /** Of the table in which the trace is among the first rows: `from=now-1h&sort=-duration`. */
  readonly list: string;
}

export async function measureBrowser(
  root: string,
  executablePath: string,
  hotspan: Hotspan,
  traces: readonly TraceToOpen[],
  repetitions: number,
): Promise<Figure[]> {
  const profiles = new Map<string, Buffer>();
  for (const { traceId } of traces) {
    const answer = await fetch(`${hotspan.url}/api/v1/profiles?trace_id=${traceId}`);
    if (!answer.ok) throw new Error(`The profile of trace ${traceId} was answered ${answer.status}.`);
    profiles.set(`/${traceId}.pb.gz`, Buffer.from(await answer.arrayBuffer()));
  }
  const speedscope = await serveFolder(join(root, "node_modules/speedscope/dist/release"), profiles);
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-background-networking"],
  });
  try {
    const ours = await openPage(browser);
    const theirs = await openPage(browser);
    await theirs.addInitScript(watchDrawing);
    const figures: Figure[] = [];
    for (const trace of traces) {
      const group = `Chromium: ${trace.name}`;
      const times: { readonly ours: number[]; readonly theirs: number[] } = { ours: [], theirs: [] };
      let frames = 0;
      for (let round = -1; round < repetitions; round++) {
        const opened = await openTrace(ours, hotspan, trace);
        const shown = await openInSpeedscope(
          theirs,
          `${speedscope.url}/#profileURL=${encodeURIComponent(`${speedscope.url}/${trace.traceId}.pb.gz`)}&view=left-heavy`,
        );
        if (round < 0) continue; // fills the caches of both
        times.ours.push(opened.ms);
        times.theirs.push(shown);
        frames = opened.frames;
      }
      const [own, other] = [spreadOf(times.ours), spreadOf(times.theirs)];
      const ratio = own.p50 / other.p50;
      figures.push(
        {
          group,
          name: "speedscope, navigation to painted",
          unit: "ms",
          value: other.p50,
          p95: other.p95,
          repetitions,
        },
        {
          ...{
            group,
            name: `click to painted (${frames} frames)`,
            unit: "ms",
            value: own.p50,
            p95: own.p95,
            repetitions,
          },
          ...{ ratio, of: "speedscope", target: "<= 0.3 x", met: ratio <= 0.3 },
        },
      );
    }
    return figures;
  } finally {
    await browser.close();
    await speedscope.stop();
  }
}

async function openPage(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  return page;
}

async function openTrace(
  page: Page,
  hotspan: Hotspan,
  { list, traceId }: TraceToOpen,
): Promise<{ ms: number; frames: number }> {
  await page.goto(`${hotspan.url}/traces?${list}`);
  const row = page.locator(`a[href*="${traceId}"]`);
  await row.waitFor();
  await page.waitForLoadState("networkidle");
  const measured = page.evaluate(timeFromClick, WAIT_MS);
  await row.click();
  return measured;
}

/** Runs in the page. @returns ms from the next click until a flame graph is painted, and its frames */
function timeFromClick(waitMs: number): Promise<{ ms: number; frames: number }> {
  return new Promise((resolve, reject) => {
    const watch = (click: MouseEvent) => {
      const look = () => {
        const frames = document.querySelectorAll('[role="tree"] g.frame').length;
        if (frames > 1)
          requestAnimationFrame(() => resolve({ ms: performance.now() - click.timeStamp, frames }));
        else if (performance.now() - click.timeStamp > waitMs) reject(new Error("No flame graph was drawn."));
        else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    };
    document.addEventListener("click", watch, { capture: true, once: true });
  });
}

/** Runs in speedscope's page before its own code: notes the first frame after labels were written over rectangles. */
function watchDrawing(): void {
  const state = { rectangles: false, painted: 0 };
  Object.assign(window, { drawing: state });
  const { drawArrays, drawElements } = WebGLRenderingContext.prototype;
  WebGLRenderingContext.prototype.drawArrays = function (...args) {
    state.rectangles = true;
    return drawArrays.apply(this, args);
  };
  WebGLRenderingContext.prototype.drawElements = function (...args) {
    state.rectangles = true;
    return drawElements.apply(this, args);
  };
  const { fillText } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.fillText = function (...args) {
    if (state.rectangles && state.painted === 0) {
      state.painted = -1;
      requestAnimationFrame(() => {
        state.painted = performance.now();
      });
    }
    return fillText.apply(this, args);
  };
}

async function openInSpeedscope(page: Page, url: string): Promise<number> {
  await page.goto("about:blank"); // another hash alone would not load the page again
  await page.goto(url);
  const painted = await page.waitForFunction(() => {
    const { painted } = (window as unknown as { drawing: { painted: number } }).drawing;
    return painted > 0 && painted;
  });
  return Number(await painted.jsonValue());
}

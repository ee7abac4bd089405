import { createHook } from "node:async_hooks";
import type { Context, ContextManager } from "@opentelemetry/api";
import type { Log } from "./log";
import { type Holder, NOTHING, type SpanHolders } from "./span-holders";

/** The profiler's side: which object the samples of this moment carry. */
export interface LabelSink {
  readonly isOn: () => boolean;
  /** The profiler follows `await` by itself (V8's continuation-preserved data, Node 24). */
  readonly followsAwait: () => boolean;
  readonly get: () => object | undefined;
  readonly set: (holder: object) => void;
  readonly run: <T>(holder: object, work: () => T) => T;
}

/**
 * Tells the profiler which span is active: wherever a context is entered, and, where the profiler does not follow `await`
 * itself, before every callback (an async hook). Nothing thrown by the profiler reaches the program; what the program
 * throws passes through.
 */
export function labelActiveSpans(
  manager: ContextManager,
  holders: SpanHolders,
  sink: LabelSink,
  log: Log,
): void {
  const active = () => manager.active();
  const enter: ContextManager["with"] = manager.with.bind(manager);

  function holderOf(entered: Context): Holder {
    try {
      return holders.holderOf(entered, active);
    } catch (error) {
      log(`reading a span failed: ${String(error)}`);
      return NOTHING;
    }
  }

  manager.with = (entered, work, self, ...args) => {
    if (!sink.isOn()) return enter(entered, work, self, ...args);
    const holder = holderOf(entered);
    if (sink.followsAwait()) return sink.run(holder, () => enter(entered, work, self, ...args));
    const before = sink.get() ?? NOTHING;
    sink.set(holder);
    try {
      return enter(entered, work, self, ...args);
    } finally {
      if (sink.isOn()) sink.set(before);
    }
  };

  if (sink.followsAwait()) return;
  createHook({
    before: () => {
      if (sink.isOn()) sink.set(holderOf(active()));
    },
  }).enable();
}

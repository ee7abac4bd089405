/**
 * One sampler of V8 runs per thread. Every profiler for Node that we know of (Datadog's, Pyroscope's) sits on some copy of
 * @datadog/pprof, so the copies that are loaded tell whether one of them is at work.
 * @returns who, in words for a warning; undefined when the sampler is free
 */
export function otherProfiler(
  modules: Readonly<Record<string, NodeJS.Module | undefined>> = require.cache,
  env: NodeJS.ProcessEnv = process.env,
): string | undefined {
  for (const [path, module] of Object.entries(modules)) {
    if (/[\\/]@datadog[\\/]pprof[\\/]out[\\/]src[\\/]index\.js$/.test(path) && isStarted(module?.exports)) {
      return `a profiler that uses ${path}`;
    }
  }
  // dd-trace starts its profiler some time after it was loaded: now it is not there yet, soon it would collide.
  const ddTrace = Reflect.get(globalThis, Symbol.for("dd-trace")) !== undefined;
  const wanted = /^(?:1|true|auto)$/.test(env.DD_PROFILING_ENABLED ?? "");
  return ddTrace && wanted ? "dd-trace (DD_PROFILING_ENABLED)" : undefined;
}

function isStarted(exports: unknown): boolean {
  if (typeof exports !== "object" || exports === null || !("time" in exports)) return false;
  const time = exports.time as { readonly isStarted?: () => boolean } | undefined;
  return time?.isStarted?.() === true;
}

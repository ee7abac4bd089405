import { type ContextManager, context } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";

/**
 * The registered context manager, or ours when there is none. The API has no public way to ask for it, but shares it
 * between its copies under a well-known symbol.
 * @returns undefined when none can be registered: then another version of the API holds the place
 */
export function contextManager(): ContextManager | undefined {
  const registered = registeredManager();
  if (registered !== undefined) return registered;
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  return registeredManager();
}

function registeredManager(): ContextManager | undefined {
  const shared: unknown = Reflect.get(globalThis, Symbol.for("opentelemetry.js.api.1"));
  if (typeof shared !== "object" || shared === null || !("context" in shared)) return undefined;
  return isManager(shared.context) ? shared.context : undefined;
}

function isManager(value: unknown): value is ContextManager {
  return typeof value === "object" && value !== null && "with" in value && "active" in value;
}

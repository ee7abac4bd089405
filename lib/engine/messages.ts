/** What the engine process tells its parent over the IPC channel. */
export type EngineMessage =
  | { readonly kind: "ready"; readonly port: number }
  /** the library answered a query just now */
  | { readonly kind: "beat" };

export function isEngineMessage(message: unknown): message is EngineMessage {
  return (
    typeof message === "object" &&
    message !== null &&
    "kind" in message &&
    (message.kind === "ready" || message.kind === "beat")
  );
}

/** The engine's environment, set by engine-process.ts. */
export const engineEnvironment = {
  dataDir: "HOTSPAN_ENGINE_DATA",
  port: "HOTSPAN_ENGINE_PORT",
  secret: "HOTSPAN_ENGINE_SECRET",
  memory: "HOTSPAN_ENGINE_MEMORY",
} as const;

/** The engine knows one user; the password is made anew at each start of the supervisor. */
export const engineUser = "hotspan";

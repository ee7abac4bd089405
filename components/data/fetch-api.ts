import type { z } from "zod";
import { errorBody } from "@/lib/api/contract";
import { type ErrorCode, HotspanError } from "@/lib/errors";

/** Query parameters: arrays repeat the key, absent and empty ones are left out. */
export type ApiParams = Readonly<
  Record<string, string | number | boolean | readonly string[] | null | undefined>
>;

/** @returns the path with its query, keys in the order given */
export function buildApiUrl(path: string, params: ApiParams = {}): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) {
    if (value === undefined || value === null || value === "") continue;
    for (const item of typeof value === "object" ? value : [String(value)]) query.append(key, item);
  }
  const text = query.toString();
  return text === "" ? path : `${path}?${text}`;
}

/**
 * @returns the answer, checked against the contract
 * @throws HotspanError with a sentence to show; the signal's own error when it was aborted
 */
export async function fetchApi<T>(url: string, schema: z.ZodType<T>, init?: RequestInit): Promise<T> {
  const response = await fetch(url, init).catch((cause: unknown) => {
    if (init?.signal?.aborted === true) throw cause;
    throw new HotspanError(
      "unavailable",
      "Hotspan does not answer. Check that it is still running, then try again.",
      { cause },
    );
  });
  const body: unknown = await response.json().catch((cause: unknown) => {
    if (init?.signal?.aborted === true) throw cause;
    return undefined;
  });
  if (!response.ok) throw toError(response.status, body);
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new HotspanError(
    "internal",
    `The answer of ${url.split("?")[0]} is not what this page understands (${issue?.path.join(".") ?? "body"}: ${issue?.message ?? "unreadable"}). Reload the page: it may be older than the server.`,
  );
}

const CODES = new Map<string, ErrorCode>(
  (
    [
      "invalid-input",
      "forbidden",
      "not-found",
      "too-large",
      "unsupported-media-type",
      "overloaded",
      "unavailable",
      "internal",
    ] as const
  ).map((code) => [code, code]),
);

function toError(status: number, body: unknown): HotspanError {
  const parsed = errorBody.safeParse(body);
  if (parsed.success)
    return new HotspanError(CODES.get(parsed.data.error.code) ?? "internal", parsed.data.error.message);
  return new HotspanError(
    status === 503 ? "unavailable" : "internal",
    `Hotspan answered with status ${status} and no reason.`,
  );
}

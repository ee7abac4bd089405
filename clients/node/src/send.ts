import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { context } from "@opentelemetry/api";
import { suppressTracing } from "@opentelemetry/core";

export interface Push {
  readonly url: URL;
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  /** Called with what Hotspan answered. */
  readonly onStored?: ((answer: string) => void) | undefined;
}

export interface SendHow {
  /** The process is to wait for the answer. */
  readonly hold: boolean;
  readonly timeoutMs: number;
}

export type SendResult =
  | { readonly kind: "stored"; readonly answer: string }
  /** Sending the same again is right. */
  | { readonly kind: "retry"; readonly reason: string; readonly afterMs: number | undefined }
  /** Sending the same again would be refused again. */
  | { readonly kind: "refused"; readonly reason: string };

const RETRIED = new Set([408, 425, 429, 500, 502, 503, 504]);
const MAX_ANSWER = 4_096;

/** One POST, outside of any trace. Never throws. */
export function send({ url, body, headers }: Push, { hold, timeoutMs }: SendHow): Promise<SendResult> {
  return new Promise((resolve) => {
    const again = (reason: string) => resolve({ kind: "retry", reason, afterMs: undefined });
    context.with(suppressTracing(context.active()), () => {
      try {
        const post = url.protocol === "https:" ? httpsRequest : httpRequest;
        const request = post(url, {
          method: "POST",
          agent: false,
          headers: { ...headers, "content-length": body.length },
        });
        const timer = setTimeout(() => request.destroy(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
        if (!hold) {
          timer.unref();
          request.on("socket", (socket) => socket.unref());
        }
        request.on("close", () => {
          clearTimeout(timer);
          again("the connection was closed");
        });
        request.on("error", (error) => again(reasonOfSocket(error)));
        request.on("response", (response) => {
          let text = "";
          response.setEncoding("utf8");
          response.on("data", (chunk: string) => {
            if (text.length < MAX_ANSWER) text += chunk;
          });
          response.on("error", (error) => again(error.message));
          response.on("end", () =>
            resolve(judge(response.statusCode ?? 0, response.headers["retry-after"], text)),
          );
        });
        request.end(body);
      } catch (error) {
        again(String(error));
      }
    });
  });
}

/** Where a name has several addresses, each of which refused, the error itself says nothing. */
function reasonOfSocket(error: Error & { readonly code?: string }): string {
  return error.message || error.code || error.name;
}

function judge(status: number, retryAfter: string | undefined, text: string): SendResult {
  if (status >= 200 && status < 300) return { kind: "stored", answer: text };
  const reason = `status ${status}${text === "" ? "" : `: ${text.slice(0, 200)}`}`;
  return RETRIED.has(status)
    ? { kind: "retry", reason, afterMs: parseRetryAfter(retryAfter) }
    : { kind: "refused", reason };
}

/** @returns milliseconds, of seconds or of an HTTP date */
export function parseRetryAfter(text: string | undefined, now: number = Date.now()): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^\s*\d+\s*$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

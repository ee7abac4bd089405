/** One GET of a target: to a checked address, without redirects, within a time and a size, whatever it answers. */
import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { isIPv6, type LookupFunction } from "node:net";
import { promisify } from "node:util";
import { gunzip, inflate } from "node:zlib";
import { type Guard, TargetRefused } from "@/lib/collector/guard-target";

/** On the wire, and after the Content-Encoding is taken off. */
export const MAX_ANSWER_BYTES = 67_108_864;
/** Of a refusal, for its reason. */
const MAX_REASON_BYTES = 4_096;

export type Fetched =
  | { readonly kind: "ok"; readonly bytes: Buffer; readonly tookMs: number }
  /** Another profiler of the process has its CPU profile: not a failure, only later. */
  | { readonly kind: "busy"; readonly message: string }
  /** The target answers, but has nothing there. */
  | { readonly kind: "missing"; readonly message: string }
  /** The guard refuses its address. */
  | { readonly kind: "refused"; readonly message: string }
  | {
      readonly kind: "failed";
      readonly message: string;
      /** When it answered at all. */
      readonly status?: number;
    };

export interface FetchOptions {
  readonly guard: Guard;
  /** From the first byte sent to the last one received. */
  readonly timeoutMs: number;
  readonly maxBytes?: number;
  readonly signal?: AbortSignal | undefined;
  /** Told where the connection may go (`address port`) before there is one; false gives up as `busy`. */
  readonly mayConnect?: ((places: readonly string[]) => boolean) | undefined;
}

/** Never throws: whatever a target does is an outcome. */
export async function fetchTarget(url: URL, options: FetchOptions): Promise<Fetched> {
  const started = performance.now();
  try {
    const addresses = await withinTime(options.guard.resolve(url.hostname), options.timeoutMs);
    const port = url.port === "" ? (url.protocol === "https:" ? "443" : "80") : url.port;
    if (options.mayConnect?.(addresses.map((address) => `${address} ${port}`)) === false) {
      return { kind: "busy", message: "Another CPU profile of this process is being taken." };
    }
    const timeoutMs = options.timeoutMs - (performance.now() - started);
    const answered = await get(url, addresses, { ...options, timeoutMs });
    return answered.kind === "ok" ? { ...answered, tookMs: performance.now() - started } : answered;
  } catch (error) {
    if (error instanceof TargetRefused) return { kind: "refused", message: error.message };
    return { kind: "failed", message: sayFailure(error) };
  }
}

type Answer = { readonly kind: "ok"; readonly bytes: Buffer } | Exclude<Fetched, { readonly kind: "ok" }>;

function get(url: URL, addresses: readonly string[], options: FetchOptions): Promise<Answer> {
  const { maxBytes = MAX_ANSWER_BYTES, signal, timeoutMs } = options;
  const request = url.protocol === "https:" ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    let late: Error | undefined;
    // What a connection says that we cut off is not why.
    const fail = (error: unknown) => reject(late ?? error);
    const sent = request(
      url,
      {
        method: "GET",
        agent: false, // a connection of its own: one kept open may lead to an address that was allowed before
        lookup: pinTo(addresses),
        headers: {
          accept: "*/*",
          "accept-encoding": "gzip",
          "user-agent": "Hotspan-Collector",
          connection: "close",
        },
        maxHeaderSize: 16_384,
        ...(signal === undefined ? {} : { signal }),
      },
      (response) => {
        readAnswer(response, maxBytes)
          .then(resolve, fail)
          .finally(() => sent.destroy());
      },
    );
    // Not the socket's timeout, which a byte a second would put off for ever.
    const timer = setTimeout(() => {
      late = new Error("it does not answer in time");
      sent.destroy(late);
    }, timeoutMs);
    sent.once("close", () => clearTimeout(timer));
    sent.on("error", fail); // every one: a second without a listener would end the process
    sent.end();
  });
}

/** A name server may take as long as it likes, and cannot be told to stop. */
function withinTime<T>(work: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("its name is not resolved in time")), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

async function readAnswer(response: IncomingMessage, maxBytes: number): Promise<Answer> {
  const status = response.statusCode ?? 0;
  if (status >= 300 && status < 400) {
    const message = `It answers ${status}, a redirect: give the address that it leads to.`;
    return { kind: "failed", status, message };
  }
  if (status !== 200) {
    const said = (await readBytes(response, MAX_REASON_BYTES, "cut")).toString("utf8");
    if (status === 500 && /profiling already in use/i.test(said)) {
      return { kind: "busy", message: "Another profiler of the process is taking a CPU profile." };
    }
    const isAbsent = status === 404 || status === 405 || status === 501;
    const reason = /^[\x20-\x7e]{1,160}/.exec(said.trim())?.[0];
    const message = `It answers ${status}${reason === undefined || reason.startsWith("<") ? "" : `: ${reason}`}.`;
    return isAbsent ? { kind: "missing", message } : { kind: "failed", message, status };
  }
  const declared = Number(response.headers["content-length"] ?? 0);
  if (declared > maxBytes) throw new Error(`its answer has ${declared} bytes, and ${maxBytes} are the limit`);
  const bytes = await readBytes(response, maxBytes, "fail");
  return { kind: "ok", bytes: await decode(bytes, response.headers["content-encoding"] ?? "", maxBytes) };
}

async function readBytes(
  response: IncomingMessage,
  maxBytes: number,
  excess: "cut" | "fail",
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) continue;
    chunks.push(chunk);
    length += chunk.length;
    if (length <= maxBytes) continue;
    if (excess === "fail") throw new Error(`its answer is longer than the limit of ${maxBytes} bytes`);
    break;
  }
  return Buffer.concat(chunks).subarray(0, maxBytes);
}

/** A pprof is gzip of itself, without the header: it stays as it is. */
async function decode(bytes: Buffer, encoding: string, maxBytes: number): Promise<Buffer> {
  const limits = { maxOutputLength: maxBytes };
  switch (encoding.trim().toLowerCase()) {
    case "":
    case "identity":
      return bytes;
    case "gzip":
    case "x-gzip":
      return promisify(gunzip)(bytes, limits);
    case "deflate":
      return promisify(inflate)(bytes, limits);
    default:
      throw new Error(
        `its answer has the Content-Encoding ${encoding.slice(0, 20)}, which was not asked for`,
      );
  }
}

/** The addresses that were looked at, and no others: the name is not asked for again. Of `localhost` only one may listen: Node tries them all. */
function pinTo(addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
  return (_, options, callback) => {
    const [first] = all;
    if (options.all === true) callback(null, all);
    else callback(null, first?.address ?? "", first?.family);
  };
}

const SENTENCES: ReadonlyMap<string, string> = new Map([
  ["ECONNREFUSED", "nothing listens there (connection refused)"],
  ["ECONNRESET", "it closed the connection"],
  ["EHOSTUNREACH", "its host is not reachable"],
  ["ENETUNREACH", "its network is not reachable"],
  ["ETIMEDOUT", "it does not answer"],
  ["EPROTO", "it does not speak TLS"],
  ["ERR_BUFFER_TOO_LARGE", "its answer is longer than the limit when unpacked"],
  ["HPE_HEADER_OVERFLOW", "its answer's headers are too long"],
]);

function sayFailure(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const reason = SENTENCES.get(code) ?? (error instanceof Error ? error.message : String(error));
  return `Reading it failed: ${reason}.`;
}

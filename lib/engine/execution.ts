import { type InsertFormat, parseInsertFormat, type Session, type Sessions } from "./chdb-sessions";
import { EngineException } from "./exceptions";
import { Permits } from "./permits";
import { readStatement } from "./statement";

export interface Request {
  readonly id: string;
  /** the statement; rows of an INSERT may follow it after a newline */
  readonly sql: string;
  /** rows of an INSERT ... FORMAT, else empty */
  readonly body: Buffer;
  /** "name=value", checked and escaped (settings.ts, parameters.ts) */
  readonly assignments: readonly string[];
  readonly format: string;
  /** refuse whatever is not a read */
  readonly readOnly: boolean;
  /** aborts when the client goes away */
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly bytes: Uint8Array;
  readonly readRows: number;
  readonly writtenRows: number;
}

export interface Limits {
  readonly readers: number;
  readonly writers: number;
  readonly waiting: number;
  /** of one read, in bytes */
  readonly maxMemory: number;
  readonly maxResultBytes: number;
}

/** Of a read, when the request does not say otherwise. */
const readDefaults = ["max_execution_time=15", "max_result_rows=100000", "result_overflow_mode='throw'"];
const writeDefaults = ["max_execution_time=120"];
/** Long lists of ids come as parameters; the engine's own limit (256 KiB) is for SQL typed by hand. */
const longSql = ["max_query_size=67108864", "max_ast_elements=5000000", "max_expanded_ast_elements=5000000"];
/** How long after its time limit a query may still be there before the process is given up. */
const graceMs = 15_000;

/** Runs requests against the store: which session, how many at a time, for how long, and what becomes of a leaver. */
export class Execution {
  readonly #reads: Permits;
  readonly #writes: Permits;
  readonly #running = new Set<Promise<unknown>>();

  constructor(
    private readonly sessions: Sessions,
    private readonly limits: Limits,
    /** called when a native call does not come back: only the end of the process can free it */
    private readonly giveUp: (reason: string) => void,
  ) {
    this.#reads = new Permits(limits.readers, limits.waiting);
    this.#writes = new Permits(limits.writers, limits.waiting);
  }

  /** @throws EngineException or the engine's own error, whose text starts with "Code: " */
  async run(request: Request): Promise<Answer> {
    const statement = readStatement(request.sql);
    if (request.readOnly && statement.kind !== "read") {
      throw new EngineException(164, "READONLY", "Cannot execute query in readonly mode.");
    }
    const release = await (statement.kind === "read" ? this.#reads : this.#writes).take(request.signal);
    try {
      const session = this.sessions.open();
      try {
        switch (statement.kind) {
          case "read":
            return await this.#read(session, statement.sql, request);
          case "write":
            return await this.#write(session, statement.sql, request);
          case "insert": {
            const rows = request.body.length > 0 ? request.body : Buffer.from(statement.rows);
            return await this.#insert(
              session,
              { ...statement, format: parseInsertFormat(statement.format), rows },
              request,
            );
          }
        }
      } finally {
        session.close();
      }
    } finally {
      release();
    }
  }

  /** Whether the engine still answers; an error is an answer too. */
  async probe(): Promise<void> {
    const session = this.sessions.open();
    try {
      await session.queryAsync("SELECT 1", { format: "Null" });
    } finally {
      session.close();
    }
  }

  /** Stops every statement and waits for those that run to be gone, at most `ms`. */
  async drain(ms: number): Promise<void> {
    const deadline = new Promise((resolve) => setTimeout(resolve, ms).unref());
    await this.#kill("/* hotspan %");
    await Promise.race([Promise.allSettled(this.#running), deadline]);
  }

  async #read(session: Session, sql: string, request: Request): Promise<Answer> {
    const defaults = [...readDefaults, `max_memory_usage=${this.limits.maxMemory}`];
    await set(session, [...defaults, ...request.assignments, "readonly=1"]);
    const result = await this.#runKillable(session, sql, request);
    const bytes = result.bytes();
    if (bytes.length > this.limits.maxResultBytes) {
      throw new EngineException(
        396,
        "TOO_MANY_ROWS_OR_BYTES",
        "The result is larger than the store hands out.",
      );
    }
    return { bytes, readRows: result.rowsRead, writtenRows: 0 };
  }

  async #write(session: Session, sql: string, request: Request): Promise<Answer> {
    await set(session, [...writeDefaults, ...request.assignments]);
    const result = await this.#runKillable(session, sql, request);
    return { bytes: result.bytes(), readRows: result.rowsRead, writtenRows: 0 };
  }

  async #insert(
    session: Session,
    into: { table: string; columns: readonly string[] | undefined; format: InsertFormat; rows: Buffer },
    request: Request,
  ): Promise<Answer> {
    if (into.rows.length === 0) return { bytes: new Uint8Array(), readRows: 0, writtenRows: 0 };
    await set(session, [...writeDefaults, ...request.assignments]);
    const summary = await this.#watch(
      session.insert({
        table: into.table,
        values: into.rows,
        format: into.format,
        ...(into.columns === undefined ? {} : { columns: into.columns }),
      }),
      request,
    );
    return { bytes: new Uint8Array(), readRows: summary.rowsWritten, writtenRows: summary.rowsWritten };
  }

  async #runKillable(session: Session, sql: string, request: Request) {
    const tag = `/* hotspan ${request.id} */`;
    const kill = () => void this.#kill(`${tag}%`).catch((error: unknown) => console.error(String(error)));
    request.signal.throwIfAborted();
    request.signal.addEventListener("abort", kill, { once: true });
    try {
      return await this.#watch(session.queryAsync(`${tag} ${sql}`, { format: request.format }), request);
    } finally {
      request.signal.removeEventListener("abort", kill);
    }
  }

  async #watch<T>(native: Promise<T>, request: Request): Promise<T> {
    this.#running.add(native);
    const limit = request.assignments.findLast((assignment) => assignment.startsWith("max_execution_time="));
    const seconds = limit === undefined ? 120 : Number(limit.slice(limit.indexOf("=") + 1));
    const timer = setTimeout(
      () => this.giveUp(`A query did not end ${graceMs / 1000} s after its time limit.`),
      seconds * 1000 + graceMs,
    );
    try {
      return await native;
    } finally {
      clearTimeout(timer);
      this.#running.delete(native);
    }
  }

  /** Asks for the end of statements whose text is LIKE the pattern. Never SYNC: that form does not come back. */
  async #kill(pattern: string): Promise<void> {
    const session = this.sessions.open();
    try {
      await session.queryAsync(`KILL QUERY WHERE query LIKE '${pattern}' ASYNC`, { format: "Null" });
    } finally {
      session.close();
    }
  }
}

async function set(session: Session, assignments: readonly string[]): Promise<void> {
  if (assignments.some((assignment) => assignment.length > 100_000)) {
    await session.queryAsync(`SET ${longSql.join(", ")}`, { format: "Null" });
  }
  await session.queryAsync(`SET ${assignments.join(", ")}`, { format: "Null" });
}

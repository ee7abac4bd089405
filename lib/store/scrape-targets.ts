/** The collector's targets in the catalogue: made in the settings page or by its YAML file, read by whoever collects. */
import { createHash, randomUUID } from "node:crypto";
import {
  type Target,
  type TargetInput,
  type TargetPatch,
  type TargetState,
  targetInput,
  targetState,
} from "@/lib/api/targets-contract";
import { HotspanError, invalidInput } from "@/lib/errors";
import type { Catalogue } from "@/lib/store/catalogue";

/** More than one collector process should read. */
const MAX_TARGETS = 1_000;

type Row = NonNullable<Awaited<ReturnType<Catalogue["scrapeTarget"]["findUnique"]>>>;

/** All of them, by service and address. */
export async function findTargets(catalogue: Catalogue): Promise<Target[]> {
  const rows = await catalogue.scrapeTarget.findMany({
    orderBy: [{ service: "asc" }, { url: "asc" }],
    take: MAX_TARGETS,
  });
  return rows.map(fromRow);
}

/** @throws HotspanError `invalid-input` when there is one of the same address and service, or too many */
export async function insertTarget(catalogue: Catalogue, input: TargetInput): Promise<Target> {
  if ((await catalogue.scrapeTarget.count()) >= MAX_TARGETS) {
    throw invalidInput(`There are ${MAX_TARGETS} targets already: run a collector of its own for more.`);
  }
  const data = { id: randomUUID(), origin: "settings", ...toColumns(input) };
  return fromRow(await orRefuseTwin(input, () => catalogue.scrapeTarget.create({ data })));
}

/** @throws HotspanError `not-found`, or `invalid-input` for a target of the file and for a twin */
export async function updateTarget(catalogue: Catalogue, id: string, patch: TargetPatch): Promise<Target> {
  const known = await findOwnTarget(catalogue, id);
  const { id: _, origin: __, state: ___, ...input } = known;
  const changed = targetInput.parse({ ...input, ...withoutUndefined(patch) });
  // What was known of one process says nothing about another.
  const isAnother = changed.url !== known.url || changed.service !== known.service;
  const data = { ...toColumns(changed), ...(isAnother ? { state: "" } : {}) };
  return fromRow(await orRefuseTwin(changed, () => catalogue.scrapeTarget.update({ where: { id }, data })));
}

/** Its captures stay, as its profiles do; those that nobody has begun are not. @throws as `updateTarget` */
export async function removeTarget(catalogue: Catalogue, id: string): Promise<void> {
  await findOwnTarget(catalogue, id);
  await catalogue.$transaction([
    catalogue.capture.deleteMany({ where: { targetId: id, state: "requested" } }),
    catalogue.scrapeTarget.deleteMany({ where: { id } }),
  ]);
}

/** @throws HotspanError `not-found` */
export async function findTarget(catalogue: Catalogue, id: string): Promise<Target> {
  const row = await catalogue.scrapeTarget.findUnique({ where: { id } });
  if (row === null) throw new HotspanError("not-found", "There is no target with this id.");
  return fromRow(row);
}

/** Of a target that is gone meanwhile, nothing. */
export async function writeTargetState(catalogue: Catalogue, id: string, state: TargetState): Promise<void> {
  await catalogue.scrapeTarget.updateMany({ where: { id }, data: { state: JSON.stringify(state) } });
}

/** Makes the targets of origin "file" be these: the same address and service stays the same target. */
export async function replaceFileTargets(
  catalogue: Catalogue,
  inputs: readonly TargetInput[],
): Promise<void> {
  const wanted = inputs.map((input) => ({ id: idOfFileTarget(input), origin: "file", ...toColumns(input) }));
  const twins = { OR: inputs.map(({ service, url }) => ({ service, url })) };
  await catalogue.$transaction([
    catalogue.scrapeTarget.deleteMany({
      where: { origin: "file", id: { notIn: wanted.map(({ id }) => id) } },
    }),
    // The file wins over what the page says of the same process.
    ...(inputs.length === 0
      ? []
      : [catalogue.scrapeTarget.deleteMany({ where: { origin: "settings", ...twins } })]),
    ...wanted.map(({ id, ...data }) =>
      catalogue.scrapeTarget.upsert({ where: { id }, create: { id, ...data }, update: data }),
    ),
  ]);
  const left = await catalogue.scrapeTarget.findMany({ select: { id: true } });
  // Nobody will take them, and they stand before those that somebody would.
  await catalogue.capture.deleteMany({
    where: { state: "requested", targetId: { notIn: left.map(({ id }) => id) } },
  });
}

export function idOfFileTarget({ service, url }: Pick<TargetInput, "service" | "url">): string {
  return `file-${createHash("sha256").update(`${url}\n${service}`).digest("hex").slice(0, 16)}`;
}

async function findOwnTarget(catalogue: Catalogue, id: string): Promise<Target> {
  const found = await findTarget(catalogue, id);
  if (found.origin === "file") {
    throw invalidInput(
      "This target is written in the collector's file: change it there, and start Hotspan again.",
    );
  }
  return found;
}

function toColumns({ paused, service, url, ...config }: TargetInput) {
  return { paused, service, url, config: JSON.stringify(config) };
}

function fromRow({ config, id, origin, paused, service, state, url }: Row): Target {
  const rest: unknown = JSON.parse(config);
  const input = targetInput.parse({ ...(typeof rest === "object" ? rest : {}), paused, service, url });
  const known = state === "" ? undefined : targetState.safeParse(JSON.parse(state));
  return {
    id,
    origin: origin === "file" ? "file" : "settings",
    ...input,
    // One that another version wrote is written anew in a second.
    state: known?.success === true ? known.data : null,
  };
}

async function orRefuseTwin(
  { service, url }: Pick<TargetInput, "service" | "url">,
  write: () => Promise<Row>,
): Promise<Row> {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "P2002")) throw error;
    throw invalidInput(`There is a target ${url} of service "${service}" already.`);
  }
}

function withoutUndefined<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}

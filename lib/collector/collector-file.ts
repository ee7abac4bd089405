/** The collector's YAML file: targets as the settings page has them, and for a collector of its own where to push. */
import { readFile } from "node:fs/promises";
import { parseDocument } from "yaml";
import { z } from "zod";
import { targetInput } from "@/lib/api/targets-contract";
import { readAllowList } from "@/lib/collector/guard-target";

const allowList = z.array(z.string()).superRefine((entries, context) => {
  try {
    readAllowList(entries);
  } catch (error) {
    context.addIssue({ code: "custom", message: error instanceof Error ? error.message : String(error) });
  }
});

const collectorFile = z.strictObject({
  /** The dashboard's address of the Hotspan to push to; a collector that runs beside its store needs none. */
  push: z.url({ protocol: /^https?$/, error: "is no address such as http://hotspan:3000" }).optional(),
  /** As HOTSPAN_COLLECT_ALLOW. */
  allow: allowList.optional(),
  targets: z
    .array(targetInput, "is missing: a list of targets, each with url and service")
    .max(1_000, "has more than 1000 entries")
    .superRefine((targets, context) => {
      const seen = new Set<string>();
      for (const [index, { service, url }] of targets.entries()) {
        const key = `${url} ${service}`;
        if (seen.has(key))
          context.addIssue({
            code: "custom",
            path: [index, "url"],
            message: "is there twice for this service",
          });
        seen.add(key);
      }
    }),
});

export type CollectorFile = z.infer<typeof collectorFile>;

/** @throws Error with one sentence naming the file and the field: `collector.yaml: targets[1].cpu.seconds is at most 60` */
export async function readCollectorFile(path: string): Promise<CollectorFile> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new Error(`${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  });
  return parseCollectorFile(text, path);
}

/** @param name of the file, for the message */
export function parseCollectorFile(text: string, name: string): CollectorFile {
  const document = parseDocument(text);
  const [broken] = document.errors;
  if (broken !== undefined) throw new Error(`${name}: ${broken.message.split("\n")[0]?.replace(/:$/, "")}`);
  const parsed = collectorFile.safeParse(toPlain(document, name));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Error(`${name}: ${sayIssue(issue)}`);
}

function toPlain(document: ReturnType<typeof parseDocument>, name: string): unknown {
  try {
    // Aliases could make a file of a kilobyte a value of gigabytes; nothing here needs them.
    return document.toJS({ maxAliasCount: 0 }) ?? {};
  } catch (error) {
    throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** `targets[1].cpu.seconds is at most 60`; also of a request's body. */
export function sayIssue(issue: z.core.$ZodIssue | undefined): string {
  const path = (issue?.path ?? []).map((step, at) =>
    typeof step === "number" ? `[${step}]` : `${at === 0 ? "" : "."}${String(step)}`,
  );
  const field = path.join("");
  if (issue?.code === "unrecognized_keys") {
    return `${field === "" ? "" : `${field} `}has an unknown field "${issue.keys[0]}"`;
  }
  return `${field} ${issue?.message ?? "is not usable"}`.trim();
}

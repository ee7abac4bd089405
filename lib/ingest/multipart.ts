import { invalidInput } from "@/lib/errors";

export interface Part {
  readonly name: string;
  /** "" when the part is no file. */
  readonly filename: string;
  /** A view of the body. */
  readonly bytes: Buffer;
}

/** More than any client sends. Each part costs us some objects, however small it is. */
const MAX_PARTS = 64;
const MAX_HEADER_BYTES = 4_096;

/**
 * A multipart/form-data body (RFC 7578) taken apart in place. Node's own `formData()` copies every part and makes as
 * many as a hostile body asks for.
 *
 * @param contentType the header, with its boundary
 * @throws HotspanError `invalid-input` naming what is wrong
 */
export function readMultipart(body: Buffer, contentType: string): Part[] {
  const boundary = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType);
  const name = boundary?.[1] ?? boundary?.[2];
  if (name === undefined) throw invalidInput("The multipart Content-Type has no boundary.");
  const delimiter = Buffer.from(`\r\n--${name}`);
  // The first delimiter may open the body, and then has no line before it.
  const opensBody = body.subarray(0, delimiter.length - 2).equals(delimiter.subarray(2));
  const first = opensBody ? -2 : body.indexOf(delimiter);
  if (first === -1) throw invalidInput(`The multipart body has no line "--${name}".`);

  const parts: Part[] = [];
  for (let at = first + delimiter.length; !endsHere(body, at); ) {
    if (parts.length === MAX_PARTS)
      throw invalidInput(`The multipart body has more than ${MAX_PARTS} parts.`);
    const headStart = body.indexOf("\r\n", at) + 2;
    const headEnd = headStart < 2 ? -1 : body.subarray(at, at + MAX_HEADER_BYTES).indexOf("\r\n\r\n");
    if (headEnd === -1) throw cutOff(parts.length);
    const head = body.toString("utf8", headStart, at + headEnd);
    const start = at + headEnd + 4;
    const stop = body.indexOf(delimiter, start);
    if (stop === -1) throw cutOff(parts.length);
    parts.push({ ...readHead(head, parts.length), bytes: body.subarray(start, stop) });
    at = stop + delimiter.length;
  }
  return parts;
}

/** The delimiter that closes the body has two more dashes. */
function endsHere(body: Buffer, at: number): boolean {
  return body[at] === 0x2d && body[at + 1] === 0x2d;
}

function readHead(head: string, index: number): { name: string; filename: string } {
  const disposition = /^content-disposition:\s*form-data\s*(;.*)$/im.exec(head)?.[1];
  const name = parameter(disposition, "name");
  if (name === undefined) {
    throw invalidInput(
      `Part ${index + 1} of the multipart body has no "Content-Disposition: form-data" with a name.`,
    );
  }
  return { name, filename: parameter(disposition, "filename") ?? "" };
}

function parameter(disposition: string | undefined, name: string): string | undefined {
  const match = new RegExp(`;\\s*${name}=(?:"([^"]*)"|([^\\s;"]+))`, "i").exec(disposition ?? "");
  return match?.[1] ?? match?.[2];
}

function cutOff(index: number): Error {
  return invalidInput(`The multipart body is cut off in part ${index + 1}.`);
}

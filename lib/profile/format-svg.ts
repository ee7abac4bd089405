import { formatValue } from "@/lib/format";
import type { PprofSource } from "@/lib/profile/encode-pprof";
import { sumByStack } from "@/lib/profile/sum-by-stack";

const WIDTH = 1200;
const ROW = 18;
const HEADER = 34;
const CHARACTER = 6.6;
/** Narrower frames cannot be seen; their value is in their caller's. */
const MIN_WIDTH = 0.5;

interface Node {
  readonly name: string;
  readonly file: string;
  readonly depth: number;
  readonly children: Map<number, Node>;
  total: bigint;
}

/**
 * The flame graph as a drawing without scripts: root on top, a frame's title has its exact value. Frames narrower than
 * half a pixel are left out. Negative values (differences) have no width and are left out too.
 */
export function formatSvg(source: PprofSource, name: string): string {
  const root = buildTree(source);
  const { type = "", unit = "" } = source.sampleTypes.at(-1) ?? {};
  const scale = root.total > 0n ? WIDTH / Number(root.total) : 0;
  const shapes: string[] = [];
  let depth = 0;
  const open: { node: Node; x: number }[] = [{ node: root, x: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node } = next;
    depth = Math.max(depth, node.depth);
    shapes.push(drawFrame(node, next.x, Number(node.total) * scale, root.total, unit));
    let { x } = next;
    for (const child of [...node.children.values()].sort(widestFirst)) {
      const width = Number(child.total) * scale;
      if (width >= MIN_WIDTH) open.push({ node: child, x });
      x += Math.max(0, width);
    }
  }
  const height = HEADER + (depth + 1) * ROW + 8;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="ui-monospace, Menlo, monospace" font-size="11">
<rect width="100%" height="100%" fill="#fff"/>
<text x="4" y="20" font-size="13">${escapeXml(name)}: ${escapeXml(formatValue(Number(root.total), unit))} of ${escapeXml(type)}</text>
${shapes.join("\n")}
</svg>
`;
}

function buildTree(source: PprofSource): Node {
  const root: Node = { name: "all", file: "", depth: 0, children: new Map(), total: 0n };
  for (const [stack, value] of sumByStack(source)) {
    let node = root;
    node.total += value;
    for (const index of Array.from(source.stacks[stack]?.functions ?? [])) {
      let child = node.children.get(index);
      if (child === undefined) {
        const { name = "", file = "" } = source.functions[index] ?? {};
        child = { name, file, depth: node.depth + 1, children: new Map(), total: 0n };
        node.children.set(index, child);
      }
      child.total += value;
      node = child;
    }
  }
  return root;
}

const widestFirst = (left: Node, right: Node) =>
  right.total === left.total ? (left.name < right.name ? -1 : 1) : right.total > left.total ? 1 : -1;

function drawFrame(node: Node, x: number, width: number, whole: bigint, unit: string): string {
  const y = HEADER + node.depth * ROW;
  const share = whole === 0n ? 0 : (Number(node.total) / Number(whole)) * 100;
  const room = Math.floor((width - 6) / CHARACTER);
  // The end of an import path tells most.
  const short = node.name.length <= room ? node.name : node.name.slice(node.name.lastIndexOf("/") + 1);
  const label = room < 3 ? "" : short.length <= room ? short : `${short.slice(0, room - 1)}…`;
  const title = `${node.name}${node.file === "" ? "" : ` (${node.file})`}: ${node.total} ${unit}, ${share.toFixed(2)} %`;
  const text = label === "" ? "" : `<text x="${(x + 3).toFixed(1)}" y="${y + 12}">${escapeXml(label)}</text>`;
  return `<g><title>${escapeXml(title)}</title><rect x="${x.toFixed(2)}" y="${y}" width="${Math.max(0, width - 0.5).toFixed(2)}" height="${ROW - 1}" fill="${colourOf(node)}"/>${text}</g>`;
}

/** One hue a package, as far as the name shows one; all equally light, so that none looks hotter. */
function colourOf({ name, file, depth }: Node): string {
  if (depth === 0) return "#e4e1de";
  const slash = name.lastIndexOf("/");
  const dot = name.indexOf(".", slash + 1);
  const owner = dot > 0 ? name.slice(0, dot) : file || name;
  let hash = 0;
  for (const character of owner) hash = (Math.imul(hash, 31) + (character.codePointAt(0) ?? 0)) >>> 0;
  return `hsl(${hash % 360} 55% 82%)`;
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ["&", "&amp;"],
  ["<", "&lt;"],
  [">", "&gt;"],
  ['"', "&quot;"],
  ["'", "&#39;"],
]);

/** Names are the sender's: they stay text, and what no XML may contain becomes a replacement character. */
function escapeXml(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => ENTITIES.get(character) ?? "")
    .replace(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, "\u{FFFD}");
}

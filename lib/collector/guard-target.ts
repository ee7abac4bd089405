/**
 * Which addresses the collector may reach. Targets come from whoever can open the settings page, so a target must not
 * become a way to the machine's own network: names are resolved once, every address of the answer is looked at, and the
 * connection goes to the address that was looked at, so that a name that changes its answer (DNS rebinding) gains nothing.
 */
import { lookup } from "node:dns/promises";
import { BlockList, isIP, isIPv4 } from "node:net";

/**
 * Refused unless an address or network of theirs is itself on the allow-list; a name that resolves here is not enough.
 * Loopback and private networks are not here: one's own services are what there is to scrape.
 */
const REFUSED: readonly (readonly [network: string, prefix: number, what: string])[] = [
  ["0.0.0.0", 8, "an unspecified address"],
  ["169.254.0.0", 16, "a link-local address, where clouds serve their metadata"],
  ["100.100.100.200", 32, "a cloud's metadata address"],
  ["168.63.129.16", 32, "a cloud's metadata address"],
  ["192.0.0.0", 24, "a reserved address"],
  ["224.0.0.0", 4, "a multicast address"],
  ["240.0.0.0", 4, "a reserved address"],
  ["::", 128, "an unspecified address"],
  ["fe80::", 10, "a link-local address"],
  ["fec0::", 10, "a link-local address"],
  ["fd00:ec2::254", 128, "a cloud's metadata address"],
  ["fd20:ce::254", 128, "a cloud's metadata address"],
  ["ff00::", 8, "a multicast address"],
  // An IPv4 address can hide in these, and no service that one scrapes lives there.
  ["::", 96, "an address that stands for an IPv4 address"],
  ["64:ff9b::", 96, "an address that stands for an IPv4 address"],
  ["64:ff9b:1::", 48, "an address that stands for an IPv4 address"],
  ["2001::", 32, "an address that stands for an IPv4 address"],
  ["2002::", 16, "an address that stands for an IPv4 address"],
];
/** "::" /96 holds it, and it stands for nothing else. */
const LOOPBACK_V6 = "::1";

/** Resolves a name to all its addresses. */
export type Lookup = (host: string) => Promise<readonly string[]>;

export const systemLookup: Lookup = async (host) =>
  (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address);

export interface Guard {
  /**
   * All addresses of a host of a URL (IPv6 in brackets); each of them may be connected to.
   * @throws TargetRefused
   */
  resolve(host: string): Promise<readonly string[]>;
}

/** The target may not be reached, or its name cannot be resolved; the message is a sentence that says why. */
export class TargetRefused extends Error {
  override readonly name = "TargetRefused";
}

/**
 * @param allow hosts (`shop`, `*.internal`), addresses and networks (`10.0.0.0/8`); undefined allows everything that is
 *   not refused by its kind, an empty list nothing
 */
export function createGuard(allow: readonly string[] | undefined, resolveName: Lookup = systemLookup): Guard {
  const named = readAllowList(allow ?? []);
  const refused = REFUSED.map(([network, prefix, what]) => ({ list: listOf(network, prefix), what }));

  function check(host: string, address: string): void {
    if (named.special.check(address, familyOf(address))) return;
    const kind = refused.find(
      ({ list }) => list.check(address, familyOf(address)) && address !== LOOPBACK_V6,
    );
    if (kind !== undefined) {
      throw new TargetRefused(
        `${told(host, address)} is ${kind.what}: it is not scraped unless HOTSPAN_COLLECT_ALLOW names that address.`,
      );
    }
    if (allow === undefined || named.allowsHost(host) || named.networks.check(address, familyOf(address)))
      return;
    throw new TargetRefused(`${told(host, address)} is not on the allow-list HOTSPAN_COLLECT_ALLOW.`);
  }

  return {
    resolve: async (host) => {
      const bare = host.replace(/^\[|\]$/g, "").toLowerCase();
      const addresses = isIP(bare) === 0 ? await resolveOrRefuse(bare, resolveName) : [plainAddress(bare)];
      if (addresses.length === 0) throw new TargetRefused(`The name ${bare} has no address.`);
      // One bad address refuses the name: which of them is used would be the name server's choice.
      for (const address of addresses) check(bare, address);
      return addresses;
    },
  };
}

async function resolveOrRefuse(host: string, resolveName: Lookup): Promise<readonly string[]> {
  try {
    return (await resolveName(host)).map(plainAddress);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";
    throw new TargetRefused(`The name ${host} cannot be resolved${code}.`);
  }
}

interface AllowList {
  readonly allowsHost: (host: string) => boolean;
  readonly networks: BlockList;
  /** Networks that lie in a refused one: named on purpose. */
  readonly special: BlockList;
}

/** @throws Error with one sentence naming the entry that is neither host, address nor network */
export function readAllowList(entries: readonly string[]): AllowList {
  const hosts = new Set<string>();
  const suffixes: string[] = [];
  const networks = new BlockList();
  const special = new BlockList();
  for (const entry of entries.map((text) => text.trim().toLowerCase()).filter((text) => text !== "")) {
    const [base = "", prefixText] = entry.split("/");
    const bits = isIPv4(base) ? 32 : 128;
    const prefix = prefixText === undefined ? bits : Number(prefixText);
    if (isIP(base) !== 0 && Number.isInteger(prefix) && prefix >= 0 && prefix <= bits) {
      networks.addSubnet(base, prefix, familyOf(base));
      const isNamed = REFUSED.some(
        ([network, least]) =>
          isIPv4(network) === isIPv4(base) &&
          prefix >= least &&
          listOf(network, least).check(base, familyOf(base)),
      );
      if (isNamed) special.addSubnet(base, prefix, familyOf(base));
    } else if (/^\*\.[a-z0-9.-]+$/.test(entry)) suffixes.push(entry.slice(1));
    else if (/^[a-z0-9_]([a-z0-9._-]*[a-z0-9])?$/.test(entry)) hosts.add(entry);
    else throw new Error(`"${entry.slice(0, 60)}" is no host, address or network such as 10.0.0.0/8`);
  }
  return {
    networks,
    special,
    allowsHost: (host) => hosts.has(host) || suffixes.some((suffix) => host.endsWith(suffix)),
  };
}

/** `::ffff:a9fe:a9fe` and `::ffff:169.254.169.254` are IPv4 addresses in another spelling. */
function plainAddress(address: string): string {
  if (!address.includes(":")) return address;
  const full = new URL(`http://[${address.replace(/%.*$/, "")}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(full);
  if (mapped === null) return full;
  const [high, low] = [Number.parseInt(mapped[1] ?? "0", 16), Number.parseInt(mapped[2] ?? "0", 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

function listOf(network: string, prefix: number): BlockList {
  const list = new BlockList();
  list.addSubnet(network, prefix, familyOf(network));
  return list;
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIPv4(address) ? "ipv4" : "ipv6";
}

function told(host: string, address: string): string {
  return host === address ? host : `${host} (${address})`;
}

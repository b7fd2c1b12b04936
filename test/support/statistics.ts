/** Of the statistics' XML. */
export type Element = { readonly name: string; readonly text: string; readonly children: readonly Element[] };

/** Reads XML as simple as the statistics'. @throws when an element is not closed */
export function parseXml(xml: string): Element {
  const root: Element & { children: Element[] } = { name: "", text: "", children: [] };
  const open: { name: string; text: string; children: Element[] }[] = [root];
  for (const [, closing, name, empty, text] of xml.matchAll(/<(\/?)(\w+)(\/?)>([^<]*)/g)) {
    if (closing) open.pop();
    else {
      const element = { name: name ?? "", text: (text ?? "").trim(), children: [] };
      open.at(-1)?.children.push(element);
      if (!empty) open.push(element);
    }
  }
  if (open.length !== 1) throw new Error(`not closed: ${open.at(-1)?.name}`);
  return root;
}

/** What changes all the time, and what is each server's own. */
const NUMBERS = /^(pid|uptime|time|id|timestamp|avsync|bw_\w+|bytes_\w+|naccepted)$/;
const OWN = /^(nginx_version|nginx_rtmp_version|built|flashver)$/;

/** The tree without what varies; what both give in an order of chance is sorted. */
export function shapeOf({ name, text, children }: Element): unknown {
  const inner = children.map(shapeOf);
  if (children.every((child) => child.name === "stream" || child.name === "nclients")) {
    inner.sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
  }
  return [name, NUMBERS.test(name) ? /^-?\d+$/.test(text) : OWN.test(name) ? text !== "" : text, ...inner];
}

import { distributionOf, type Sample } from "./sample.ts";

const WIDTH = 960;
const HEIGHT = 420;
const TIME = { x: 64, y: 56, width: 620, height: 300 };
const COUNT = { x: 720, y: 56, width: 200, height: 300 };
const BINS = 60;
/** What two lines of the grid may lie apart, in milliseconds. */
const TICKS = [100, 200, 500, 1000, 2000, 5000, 10_000];
const MAX_TICKS = 8;
/** More points would not be seen. */
const MAX_POINTS = 2_000;

/** An SVG image: latency over time, and beside it how often which latency was seen. @throws RangeError without readable samples */
export function plotLatency(samples: readonly Sample[], title: string): string {
  const readable = samples.flatMap(({ glass, shownAt }) => (glass === undefined ? [] : [{ glass, shownAt }]));
  const { median, p95, most } = distributionOf(readable.map(({ glass }) => glass));
  const tick = TICKS.find((size) => (most * 1.1) / size <= MAX_TICKS) ?? most / MAX_TICKS;
  const top = Math.ceil((most * 1.1) / tick) * tick;
  const first = readable[0]?.shownAt ?? 0;
  const span = Math.max(1, (readable.at(-1)?.shownAt ?? first) - first);
  const y = (glass: number): number => TIME.y + TIME.height * (1 - Math.max(0, glass) / top);
  const x = (shownAt: number): number => TIME.x + (TIME.width * (shownAt - first)) / span;

  const step = Math.ceil(readable.length / MAX_POINTS);
  const points = readable
    .filter((_, i) => i % step === 0)
    .map(({ glass, shownAt }) => `${x(shownAt).toFixed(1)},${y(glass).toFixed(1)}`);
  const ticks = Array.from({ length: Math.round(top / tick) + 1 }, (_, i) => i * tick);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="13">
<title>${escapeText(title)}</title>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
<text x="${TIME.x}" y="28" font-size="16" fill="#10222b">${escapeText(title)}</text>
${ticks.map((tick) => gridLine(y(tick), `${(tick / 1000).toFixed(1)} s`)).join("\n")}
<polyline points="${points.join(" ")}" fill="none" stroke="#0b7285" stroke-width="1"/>
${markLine(y(median), `median ${(median / 1000).toFixed(2)} s`, "#2b8a3e", 14)}
${markLine(y(p95), `95 % ${(p95 / 1000).toFixed(2)} s`, "#c92a2a", -5)}
${histogram(
  readable.map(({ glass }) => glass),
  top,
)}
<text x="${TIME.x}" y="${TIME.y + TIME.height + 22}" fill="#51646d">0 s</text>
<text x="${TIME.x + TIME.width}" y="${TIME.y + TIME.height + 22}" fill="#51646d" text-anchor="end">${(span / 1000).toFixed(0)} s</text>
<text x="${TIME.x}" y="${HEIGHT - 12}" fill="#51646d">from the making of a picture to its showing, over time and by frequency</text>
</svg>
`;
}

function gridLine(y: number, label: string): string {
  return `<path d="M${TIME.x} ${y.toFixed(1)}H${TIME.x + TIME.width}M${COUNT.x} ${y.toFixed(1)}H${COUNT.x + COUNT.width}" stroke="#dfe6e9"/><text x="${TIME.x - 8}" y="${(y + 4).toFixed(1)}" fill="#51646d" text-anchor="end">${label}</text>`;
}

function markLine(y: number, label: string, colour: string, offset: number): string {
  return `<path d="M${TIME.x} ${y.toFixed(1)}H${COUNT.x + COUNT.width}" stroke="${colour}" stroke-dasharray="5 4"/><text x="${COUNT.x + COUNT.width}" y="${(y + offset).toFixed(1)}" fill="${colour}" text-anchor="end">${label}</text>`;
}

function histogram(values: readonly number[], top: number): string {
  const counts = new Array<number>(BINS).fill(0);
  for (const value of values) {
    const bin = Math.min(BINS - 1, Math.max(0, Math.floor((value / top) * BINS)));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  const most = Math.max(...counts);
  const height = COUNT.height / BINS;
  return counts
    .flatMap((count, bin) => {
      if (count === 0) return [];
      const y = COUNT.y + COUNT.height - (bin + 1) * height;
      const width = (COUNT.width * count) / most;
      return `<rect x="${COUNT.x}" y="${y.toFixed(1)}" width="${width.toFixed(1)}" height="${(height - 0.5).toFixed(1)}" fill="#0b7285" opacity="0.75"/>`;
    })
    .join("\n");
}

const escapeText = (text: string): string => text.replace(/[&<>]/g, (character) => `&#${character.codePointAt(0)};`);

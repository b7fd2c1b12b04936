import type { Millis } from "../media/time.ts";
import { Canvas, mixColours } from "./canvas.ts";
import { type CellPicture, COLUMNS, createCellPicture } from "./cells.ts";
import { drawText, textWidth } from "./font.ts";
import { BARS, drawBackground, FERRY, HORIZON, LAMP, TRACK, waterColour } from "./scene.ts";
import { drawStamp } from "./stamp.ts";

/** How long the lamp shines at each full second; the beep sounds as long. */
export const FLASH_MS = 80;

const DAY_MS = 86_400_000;
/** There and back. */
const FERRY_PERIOD_MS = 24_000;
const FERRY_LEFT = 15;
const FERRY_RIGHT = 115;
const CLOCK_SCALE = 2;
const CLOCK_Y = 24;

/**
 * Draws the demo: a title, the time of day, a sweep that arrives and a lamp that flashes at each full second, a ferry that
 * crosses the water, and colour bars.
 */
export class DemoPicture {
  readonly #background = drawBackground();
  readonly #canvas = new Canvas();
  readonly #picture = createCellPicture();
  readonly #stamp: boolean;
  readonly #clockX = Math.round((COLUMNS - textWidth(formatClock(0), CLOCK_SCALE)) / 2);

  /** @param options `stamp`: the time is there for programs too */
  constructor(options: { readonly stamp?: boolean } = {}) {
    this.#stamp = options.stamp ?? false;
  }

  /** The picture at a time of day, in milliseconds since local midnight. The same arrays each time. */
  draw(timeOfDay: Millis): CellPicture {
    const canvas = this.#canvas;
    canvas.copyFrom(this.#background);
    this.#drawWater(timeOfDay);
    this.#drawFerry(timeOfDay);
    this.#drawSecond(timeOfDay % 1000);
    const clock = formatClock(timeOfDay);
    drawText(canvas, clock, this.#clockX + 1, CLOCK_Y + 1, CLOCK_SCALE, 0x0c1028);
    drawText(canvas, clock, this.#clockX, CLOCK_Y, CLOCK_SCALE, 0xffffff);
    if (this.#stamp) drawStamp(canvas, timeOfDay);
    canvas.toPicture(this.#picture);
    return this.#picture;
  }

  #drawWater(time: Millis): void {
    for (let row = HORIZON + 3; row < BARS; row += 3) {
      const depth = row - HORIZON;
      const colour = mixColours(waterColour(row), 0xffe2c0, 0.35);
      const spacing = 23 + depth;
      const length = 3 + depth / 5;
      const sway = Math.sin((time / 4000) * 2 * Math.PI + row) * (1 + depth / 12);
      for (let x = (row * 17) % spacing; x < COLUMNS; x += spacing) {
        this.#canvas.rectangle(x + sway, row, length, 1, colour);
      }
    }
  }

  #drawFerry(time: Millis): void {
    const phase = (time % FERRY_PERIOD_MS) / FERRY_PERIOD_MS;
    const x = FERRY_LEFT + (FERRY_RIGHT - FERRY_LEFT) * (0.5 - 0.5 * Math.cos(phase * 2 * Math.PI));
    const y = HORIZON - 4 + 0.5 * Math.sin((time / 3000) * 2 * Math.PI);
    this.#canvas.sprite(FERRY, x, y, phase >= 0.5);
  }

  #drawSecond(sinceSecond: Millis): void {
    const canvas = this.#canvas;
    if (sinceSecond < FLASH_MS) {
      canvas.rectangle(TRACK.x, TRACK.y, TRACK.width, TRACK.height, 0xffffff);
      canvas.disc(LAMP.x, LAMP.y, 7, 0xffd34d, 0.55);
      canvas.disc(LAMP.x, LAMP.y, 4, 0xffffff);
      return;
    }
    canvas.rectangle(TRACK.x, TRACK.y, (TRACK.width * sinceSecond) / 1000, TRACK.height, 0xf2b66d);
  }
}

/** `HH:MM:SS.mmm` of a time of day. */
export function formatClock(timeOfDay: Millis): string {
  const ms = Math.floor(((timeOfDay % DAY_MS) + DAY_MS) % DAY_MS);
  const two = (value: number): string => String(value).padStart(2, "0");
  const seconds = Math.floor(ms / 1000);
  const hours = two(Math.floor(seconds / 3600));
  return `${hours}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}.${String(ms % 1000).padStart(3, "0")}`;
}

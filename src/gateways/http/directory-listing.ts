import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** More are not shown. */
const MAX_LISTED = 2000;
const MAX_NAME = 50;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

type Entry = { readonly name: string; readonly isDirectory: boolean; readonly size: number; readonly modified: Date };

/** A directory as an HTML page like that of nginx's autoindex: directories first, hidden files not. @param path of the URL */
export async function listDirectory(directory: string, path: string): Promise<string> {
  const names = (await readdir(directory)).filter((name) => !name.startsWith(".")).sort();
  const found = await Promise.all(names.slice(0, MAX_LISTED).map((name) => describe(directory, name)));
  const entries = found.filter((entry) => entry !== undefined);
  const sorted = [...entries.filter((entry) => entry.isDirectory), ...entries.filter((entry) => !entry.isDirectory)];
  const title = `Index of ${escapeHtml(path)}`;
  const lines = ['<a href="../">../</a>', ...sorted.map(formatEntry)];
  if (names.length > MAX_LISTED) lines.push(`and ${names.length - MAX_LISTED} more`);
  const list = lines.map((line) => `${line}\r\n`).join("");
  return `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<h1>${title}</h1><hr><pre>${list}</pre><hr></body>\r\n</html>\r\n`;
}

/** Undefined for one that is gone again, or leads nowhere. */
async function describe(directory: string, name: string): Promise<Entry | undefined> {
  const entry = await stat(join(directory, name)).catch(() => undefined);
  return entry && { name, isDirectory: entry.isDirectory(), size: entry.size, modified: entry.mtime };
}

function formatEntry({ name, isDirectory, size, modified }: Entry): string {
  const shown = isDirectory ? `${name}/` : name;
  const short = shown.length > MAX_NAME ? `${shown.slice(0, MAX_NAME - 3)}..>` : shown;
  const link = `<a href="${encodeURIComponent(name)}${isDirectory ? "/" : ""}">${escapeHtml(short)}</a>`;
  const space = " ".repeat(Math.max(1, MAX_NAME - short.length + 1));
  return `${link}${space}${formatTime(modified)}${(isDirectory ? "-" : String(size)).padStart(20)}`;
}

function formatTime(time: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${two(time.getUTCDate())}-${MONTHS[time.getUTCMonth()]}-${time.getUTCFullYear()}`;
  return `${day} ${two(time.getUTCHours())}:${two(time.getUTCMinutes())}`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? "");
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

import { type FileHandle, mkdir, open, readdir, rename, rmdir, stat, unlink } from "node:fs/promises";

/** What the gateway needs of a file system; a full or broken one is put in its place in tests. */
export interface FileSystem {
  /** Makes the directory and those above it; it may be there already. */
  makeDirectory(path: string): Promise<void>;
  /** Writes a whole file, in place of one that is there. */
  writeFile(path: string, pieces: readonly Uint8Array[]): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** The first `most` bytes of a file as UTF-8. */
  readText(path: string, most: number): Promise<string>;
  exists(path: string): Promise<boolean>;
  /** Last modification, milliseconds since the Unix epoch. */
  modifiedAt(path: string): Promise<number>;
  list(directory: string): Promise<readonly { readonly name: string; readonly isDirectory: boolean }[]>;
  removeFile(path: string): Promise<void>;
  /** Only an empty one. */
  removeDirectory(path: string): Promise<void>;
}

/** `code` of a system error, such as ENOSPC. */
export function errorCode(error: unknown): string {
  const code = (error as { readonly code?: unknown } | null | undefined)?.code;
  return typeof code === "string" ? code : String(error);
}

export const nodeFileSystem: FileSystem = {
  async makeDirectory(path) {
    await mkdir(path, { recursive: true });
  },

  async writeFile(path, pieces) {
    const file = await open(path, "w");
    try {
      await writePieces(file, pieces, 0);
    } finally {
      await file.close();
    }
  },

  rename,

  async readText(path, most) {
    const file = await open(path, "r");
    try {
      const { buffer, bytesRead } = await file.read(new Uint8Array(most), 0, most, 0);
      return new TextDecoder().decode(buffer.subarray(0, bytesRead));
    } finally {
      await file.close();
    }
  },

  async exists(path) {
    return stat(path).then(
      (found) => found.isFile(),
      () => false,
    );
  },

  async modifiedAt(path) {
    return (await stat(path)).mtimeMs;
  },

  async list(directory) {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries.map((entry) => ({ name: entry.name, isDirectory: entry.isDirectory() }));
  },

  removeFile: unlink,
  removeDirectory: rmdir,
};

/** Writes pieces one behind the other. @param position in the file, of the first */
export async function writePieces(file: FileHandle, pieces: readonly Uint8Array[], position: number): Promise<void> {
  let left = pieces;
  let at = position;
  while (left.length > 0) {
    const { bytesWritten } = await file.writev(left as Uint8Array[], at);
    left = skip(left, bytesWritten);
    at += bytesWritten;
  }
}

/** What is left of `pieces` behind the first `count` bytes: a nearly full disk takes a part and fails with the next. */
function skip(pieces: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let index = 0;
  let rest = count;
  while (index < pieces.length && rest >= (pieces[index] as Uint8Array).length) {
    rest -= (pieces[index] as Uint8Array).length;
    index++;
  }
  if (rest === 0) return pieces.slice(index);
  return [(pieces[index] as Uint8Array).subarray(rest), ...pieces.slice(index + 1)];
}

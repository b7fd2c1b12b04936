import { mkdirSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { startNginx } from "../support/clients/nginx.ts";
import { TemporaryDirectory } from "../support/directory.ts";
import { startNaru } from "../support/naru.ts";
import { freePort } from "../support/ports.ts";
import type { RunningProcess } from "../support/process.ts";
import { start } from "../support/process.ts";

/** What a configuration is written with: all that differs between the two servers. */
export type Place = {
  readonly server: "nginx" | "naru";
  readonly rtmp: number;
  readonly http: number;
  /** Where files are written to. */
  readonly directory: string;
};

/** One of the two servers, running with the same nginx.conf. */
export type Side = {
  readonly name: Place["server"];
  readonly place: Place;
  readonly process: RunningProcess;
  /** The file that it reads. */
  readonly conf: string;
};

/** nginx with its RTMP module and naru, each with the same configuration; both end with the scope. */
export class Both implements AsyncDisposable {
  private constructor(
    readonly nginx: Side,
    readonly naru: Side,
    private readonly stack: AsyncDisposableStack,
  ) {}

  /**
   * @param conf blocks `rtmp` and `http`; `http` must have a server that listens
   * @param options `master`: nginx reads its configuration again by SIGHUP
   */
  static async start(conf: (place: Place) => string, options: { readonly master?: boolean } = {}): Promise<Both> {
    await using stack = new AsyncDisposableStack();
    const directory = stack.use(new TemporaryDirectory());
    const place: Place = {
      server: "nginx",
      rtmp: await freePort(),
      http: await freePort(),
      directory: emptyDirectory(directory.path),
    };
    const nginx = stack.use(await startNginx(conf(place), place.http, options));
    const naru = stack.use(
      await startNaru({
        nginxConf: (ports, path) => conf({ server: "naru", ...ports, directory: emptyDirectory(path) }),
      }),
    );
    const { rtmp, http } = naru.ports;
    const sides = [
      { name: "nginx", place, process: nginx.process, conf: nginx.file },
      {
        name: "naru",
        place: { server: "naru", rtmp, http, directory: naru.directory.join("files") },
        process: naru.process,
        conf: naru.directory.join("nginx.conf"),
      },
    ] as const;
    return new Both(sides[0], sides[1], stack.move());
  }

  get sides(): readonly [Side, Side] {
    return [this.nginx, this.naru];
  }

  /** Publishes a file for some seconds under several names to both servers, by one ffmpeg, so that both get the same bytes. */
  publish(file: string, paths: readonly string[], seconds: number): RunningProcess {
    const urls = this.sides.flatMap((side) => paths.map((path) => rtmpUrl(side, path)));
    return start("ffmpeg", [
      ...["-hide_banner", "-v", "warning", "-nostdin", "-re", "-i", file],
      ...urls.flatMap((url) => ["-t", String(seconds), "-c", "copy", "-f", "flv", url]),
    ]);
  }

  /** Does the same with each and returns what came of it. */
  async each<T>(act: (side: Side) => T | Promise<T>): Promise<{ readonly nginx: T; readonly naru: T }> {
    const [nginx, naru] = await Promise.all([act(this.nginx), act(this.naru)]);
    return { nginx, naru };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stack.disposeAsync();
  }
}

export const rtmpUrl = ({ place }: Side, path: string): string => `rtmp://127.0.0.1:${place.rtmp}/${path}`;
export const httpUrl = ({ place }: Side, path: string): string => `http://127.0.0.1:${place.http}/${path}`;

/** A text without what differs between the servers by necessity: ports and directories. */
export function comparable({ place }: Side, text: string): string {
  return text
    .replaceAll(place.directory, "DIRECTORY")
    .replaceAll(String(place.rtmp), "RTMP")
    .replaceAll(String(place.http), "HTTP");
}

/** Names of the files below a directory of the place, sorted. */
export function filesIn({ place }: Side, directory = ""): readonly string[] {
  const base = join(place.directory, directory);
  return readdirSync(base, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(base, join(entry.parentPath, entry.name)))
    .toSorted();
}

function emptyDirectory(inside: string): string {
  const path = join(inside, "files");
  mkdirSync(path);
  return path;
}

import { writeFileSync } from "node:fs";
import { TemporaryDirectory } from "./directory.ts";
import { freePort } from "./ports.ts";
import { type RunningProcess, start, until } from "./process.ts";
import { projectPath } from "./project.ts";

type NaruOptions = {
  /** Merged over the addresses to listen on. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Listen for HTTPS and RTMPS, too. */
  readonly tls?: boolean;
  /** An nginx.conf instead; gets the ports and a directory to write to. */
  readonly nginxConf?: (ports: { readonly rtmp: number; readonly http: number }, directory: string) => string;
  /** A naru.config.ts instead. */
  readonly configModule?: (ports: { readonly rtmp: number; readonly http: number }, directory: string) => string;
  /** Ports to take; free ones where left out. */
  readonly ports?: Partial<Ports>;
  /** More environment variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** A program to run instead of the sources, e.g. the built executable. */
  readonly command?: readonly [string, ...string[]];
};

type Ports = { readonly rtmp: number; readonly http: number; readonly rtmps: number; readonly https: number };

/** A server started for a test, on ports of its own. */
export class Naru implements AsyncDisposable {
  #process: RunningProcess;

  constructor(
    private readonly launch: () => RunningProcess,
    readonly ports: Ports,
    /** Where its configuration lies, and what it writes; removed at the end. */
    readonly directory: TemporaryDirectory,
  ) {
    this.#process = launch();
  }

  /** Another one after a restart. */
  get process(): RunningProcess {
    return this.#process;
  }

  /** The origin, without a slash at the end. */
  get http(): string {
    return `http://127.0.0.1:${this.ports.http}`;
  }

  /** The same, when it listens for HTTPS. */
  get https(): string {
    return `https://127.0.0.1:${this.ports.https}`;
  }

  /** Where encoders publish a stream, e.g. `live/test`. */
  publishUrl(path: string): string {
    return `rtmp://127.0.0.1:${this.ports.rtmp}/${path}`;
  }

  /** The same over TLS. */
  securePublishUrl(path: string): string {
    return `rtmps://127.0.0.1:${this.ports.rtmps}/${path}`;
  }

  playlistUrl(path: string): string {
    return `${this.http}/${path}/index.m3u8`;
  }

  /** Waits until the stream has a playlist that a player can start with. */
  async live(path: string, timeoutMs = 20_000): Promise<string> {
    const url = this.playlistUrl(path);
    return until(`playlist of ${path}`, timeoutMs, async () => {
      if (this.process.exitCode !== undefined) throw this.process.failure("ended");
      const response = await fetch(url);
      return response.ok ? url : undefined;
    });
  }

  /** Waits until it answers. */
  async answers(): Promise<void> {
    await until("naru answers", 15_000, async () => {
      if (this.process.exitCode !== undefined) throw this.process.failure("ended");
      await fetch(`${this.http}/health`, { redirect: "manual" });
      return true;
    });
  }

  /** Ends the server by a signal and starts it again, with the same configuration and ports. */
  async restart(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    await this.process.stop(signal);
    this.#process = this.launch();
    await this.answers();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process.stop();
    this.directory[Symbol.dispose]();
  }
}

/** Starts the server and waits until it answers. */
export async function startNaru(options: NaruOptions = {}): Promise<Naru> {
  const ports = {
    rtmp: await freePort(),
    http: await freePort(),
    rtmps: await freePort(),
    https: await freePort(),
    ...options.ports,
  };
  const directory = new TemporaryDirectory();
  const { nginxConf, configModule } = options;
  const file = directory.join(nginxConf ? "nginx.conf" : configModule ? "naru.config.ts" : "naru.json");
  const text = (nginxConf ?? configModule)?.(ports, directory.path) ?? JSON.stringify(withPorts(options, ports));
  writeFileSync(file, text);
  const [program, ...args] = options.command ?? [process.execPath, projectPath("src/main.ts")];
  const launch = () =>
    start(program, [...args, "start", "-c", file], {
      cwd: directory.path,
      env: { NARU_STATE_DIR: directory.join("state"), ...options.env },
    });
  const naru = new Naru(launch, ports, directory);
  try {
    await naru.answers();
  } catch (error) {
    await naru[Symbol.asyncDispose]();
    throw error;
  }
  return naru;
}

function withPorts({ config = {}, tls = false }: NaruOptions, ports: Ports): unknown {
  return {
    ...config,
    rtmps: { listen: tls ? [`127.0.0.1:${ports.rtmps}`] : [] },
    https: { listen: tls ? [`127.0.0.1:${ports.https}`] : [], ...(config.https as object | undefined) },
    rtmp: { listen: [`127.0.0.1:${ports.rtmp}`], ...(config.rtmp as object | undefined) },
    http: { listen: [`127.0.0.1:${ports.http}`], ...(config.http as object | undefined) },
  };
}

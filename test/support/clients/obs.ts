import { mkdirSync, writeFileSync } from "node:fs";
import { TemporaryDirectory } from "../directory.ts";
import { type RunningProcess, start } from "../process.ts";

/** The real OBS Studio on a virtual display, streaming a scene of one colour at 1280x720, 30 frames a second. */
export class Obs implements AsyncDisposable {
  private constructor(
    readonly process: RunningProcess,
    private readonly display: RunningProcess,
    private readonly home: TemporaryDirectory,
  ) {}

  /** Starts it with a profile of its own; it streams after about ten seconds. */
  static async publish(server: string, key: string): Promise<Obs> {
    const home = new TemporaryDirectory();
    writeProfile(home, server, key);
    const display = start("Xvfb", ["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"]);
    const [, number] = await display.waitFor(/^(\d+)$/m);
    const switches = ["--startstreaming", "--profile", "test", "--collection", "test", "--multi"];
    const obs = start("obs", [...switches, "--disable-updater", "--disable-missing-files-check", "--unfiltered_log"], {
      env: {
        HOME: home.path,
        XDG_CONFIG_HOME: home.join(".config"),
        XDG_RUNTIME_DIR: home.path,
        DISPLAY: `:${number}`,
        LIBGL_ALWAYS_SOFTWARE: "1",
        QT_QPA_PLATFORM: "xcb",
      },
    });
    return new Obs(obs, display, home);
  }

  /** Ends the stream as a user does who closes the window. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.process.stop("SIGINT");
    await this.display.stop();
    this.home[Symbol.dispose]();
  }
}

function writeProfile(home: TemporaryDirectory, server: string, key: string): void {
  const config = home.join(".config", "obs-studio");
  const profile = `${config}/basic/profiles/test`;
  mkdirSync(profile, { recursive: true });
  mkdirSync(`${config}/basic/scenes`, { recursive: true });
  writeFileSync(
    `${config}/global.ini`,
    ini({
      General: { FirstRun: true, LastVersion: 486539266, InfoIncrement: 99, EnableAutoUpdates: false },
      Basic: {
        Profile: "test",
        ProfileDir: "test",
        SceneCollection: "test",
        SceneCollectionFile: "test",
        ConfigOnNewProfile: false,
      },
    }),
  );
  writeFileSync(
    `${profile}/basic.ini`,
    ini({
      General: { Name: "test" },
      Video: { BaseCX: 1280, BaseCY: 720, OutputCX: 1280, OutputCY: 720, FPSCommon: 30 },
      Output: { Mode: "Simple" },
      SimpleOutput: {
        VBitrate: 1500,
        ABitrate: 128,
        UseAdvanced: true,
        StreamEncoder: "x264",
        x264Settings: "keyint=60",
        Preset: "ultrafast",
      },
    }),
  );
  writeFileSync(
    `${profile}/service.json`,
    JSON.stringify({ type: "rtmp_custom", settings: { bwtest: false, key, server, use_auth: false } }),
  );
  const item = { name: "Colour", id: 1, visible: true, pos: { x: 0, y: 0 }, scale: { x: 1, y: 1 } };
  writeFileSync(
    `${config}/basic/scenes/test.json`,
    JSON.stringify({
      name: "test",
      current_scene: "Scene",
      current_program_scene: "Scene",
      scene_order: [{ name: "Scene" }],
      sources: [
        { id: "scene", name: "Scene", settings: { custom_size: false, id_counter: 1, items: [item] } },
        { id: "color_source_v3", name: "Colour", settings: { color: 0xff0077ff, width: 1280, height: 720 } },
      ],
    }),
  );
}

function ini(sections: Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>>): string {
  return Object.entries(sections)
    .map(
      ([name, values]) =>
        `[${name}]\n${Object.entries(values)
          .map(([key, value]) => `${key}=${value}\n`)
          .join("")}`,
    )
    .join("\n");
}

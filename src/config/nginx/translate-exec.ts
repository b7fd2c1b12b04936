import { SIGNALS, type Signal } from "../../exec/config.ts";
import { formatDuration } from "../units.ts";
import type { Draft } from "./draft.ts";
import type { Report } from "./report.ts";
import { argument, blocks, inForce, type Scope } from "./scope.ts";
import type { Node } from "./validate.ts";
import { parseNginxTime } from "./values.ts";

/** Processes that are kept running, by the time in which they are. */
const KEPT: readonly (readonly [when: string, names: readonly string[]])[] = [
  ["published", ["exec_push", "exec"]],
  ["played", ["exec_pull"]],
];
/** Processes that are started once; of the first two no answer is waited for. */
const ONCE: readonly (readonly [name: string, hook: string, options: object])[] = [
  ["exec_publish", "onPublish", { wait: false }],
  ["exec_play", "onPlay", { wait: false }],
  ["exec_publish_done", "onPublishDone", {}],
  ["exec_play_done", "onPlayDone", {}],
  ["exec_record_done", "onRecordDone", {}],
  ["exec_record_started", "onRecordStarted", {}],
];

/** What nginx has once for all processes, wherever it is written. */
export type ExecSettings = {
  readonly env: readonly string[];
  readonly kept: Readonly<Record<string, unknown>>;
};

/** Translates what concerns all processes, and those that run with the server. @param root the whole file */
export function translateExecGlobals(root: readonly Node[], rtmp: Node, draft: Draft, report: Report): ExecSettings {
  // nginx empties its environment but for these.
  const env = root.filter(({ directive }) => directive.name === "env");
  const settings = {
    env: ["TZ", ...env.map(({ directive }) => directive.args[0] ?? "")],
    kept: keptSettings(rtmp, report),
  };
  for (const { directive } of below(rtmp, "exec_static")) {
    draft.append(["background"], { command: directive.args, env: settings.env, ...settings.kept }, directive);
  }
  for (const { directive } of env) draft.note(directive, "the environment of processes");
  for (const name of ["exec_kill_signal", "respawn_timeout"]) {
    for (const { directive } of below(rtmp, name)) draft.note(directive, "background, applications.NAME.run");
  }
  return settings;
}

/** Translates the processes of one application. */
export function translateExec(scope: Scope, base: readonly string[], settings: ExecSettings, draft: Draft): void {
  const { env, kept } = settings;
  const respawn = argument(scope, "respawn") !== "off";
  for (const [when, names] of KEPT) {
    for (const written of inherited(scope, names)) {
      const { directive } = written.node;
      const entry = { when, command: written.command, env, respawn, ...kept };
      draft.append([...base, "run"], { ...entry, ...(written.streams && { streams: written.streams }) }, directive);
      const found = inForce(scope, "respawn");
      if (found) draft.note(found.directive, `${[...base, "run"].join(".")}: respawn`);
      noteOptions(written, draft);
    }
  }
  const [application] = scope;
  for (const [name, hook, options] of ONCE) {
    const put = (written: Written, filter: object): void => {
      for (const stream of written.streams ?? [undefined]) {
        const target = {
          command: written.command,
          env,
          ...options,
          ...filter,
          ...(stream === undefined ? {} : { stream }),
        };
        draft.append([...base, "hooks", hook], target, written.node.directive);
      }
      noteOptions(written, draft);
    };
    for (const written of inherited(scope, [name])) put(written, {});
    for (const recorder of application ? blocks(application, "recorder") : []) {
      for (const written of writtenIn(recorder, [name])) put(written, { recorder: recorder.directive.args[0] ?? "" });
    }
  }
}

type Written = {
  readonly node: Node;
  readonly command: readonly string[];
  /** Names of the streams that it is for; undefined: all. */
  readonly streams: readonly string[] | undefined;
  readonly options: Node | undefined;
};

/** A block's own, and behind them those of the blocks around it. */
function inherited(scope: Scope, names: readonly string[]): readonly Written[] {
  return scope.flatMap((block) => writtenIn(block, names));
}

/** `exec_options` concerns what stands behind it in the same block. */
function writtenIn(block: Node, names: readonly string[]): readonly Written[] {
  const found: Written[] = [];
  let options: Node | undefined;
  for (const node of block.children) {
    const { name, args } = node.directive;
    if (name === "exec_options") options = args[0] === "on" ? node : undefined;
    if (!names.includes(name)) continue;
    const isFilter = (arg: string, index: number) => options !== undefined && index > 0 && arg.startsWith("name=");
    const filters = args.filter(isFilter).map((arg) => arg.slice("name=".length));
    const command = args.filter((arg, index) => !isFilter(arg, index));
    found.push({ node, command, streams: filters.length > 0 ? filters : undefined, options });
  }
  return found;
}

function noteOptions({ options, streams }: Written, draft: Draft): void {
  if (options && streams) draft.note(options.directive, "name= of the commands behind it");
}

/** The last one counts. */
function keptSettings(rtmp: Node, report: Report): Readonly<Record<string, unknown>> {
  const signal = below(rtmp, "exec_kill_signal").at(-1);
  const delay = parseNginxTime(below(rtmp, "respawn_timeout").at(-1)?.directive.args[0] ?? "");
  const killSignal = signal ? toSignal(signal.directive.args[0] ?? "") : "SIGKILL";
  if (signal && !killSignal) {
    const hint = "write: exec_kill_signal term; or another signal's name or number";
    report.mistake("nginx-wrong-arguments", signal.directive, `unknown signal "${signal.directive.args[0]}"`, hint);
  }
  return {
    killSignal: killSignal ?? "SIGKILL",
    ...(delay === undefined ? {} : { respawnDelay: formatDuration(delay) }),
  };
}

/** Numbers as Linux has them. */
const NUMBERS: ReadonlyMap<string, Signal> = new Map([
  ["1", "SIGHUP"],
  ["2", "SIGINT"],
  ["3", "SIGQUIT"],
  ["6", "SIGABRT"],
  ["9", "SIGKILL"],
  ["10", "SIGUSR1"],
  ["12", "SIGUSR2"],
  ["13", "SIGPIPE"],
  ["14", "SIGALRM"],
  ["15", "SIGTERM"],
  ["18", "SIGCONT"],
  ["19", "SIGSTOP"],
]);

function toSignal(text: string): Signal | undefined {
  return NUMBERS.get(text) ?? SIGNALS.find((signal) => signal === `SIG${text.toUpperCase()}`);
}

/** In the order of the file, in any block. */
function below(node: Node, name: string): readonly Node[] {
  return node.children.flatMap((child) => (child.directive.name === name ? [child] : below(child, name)));
}

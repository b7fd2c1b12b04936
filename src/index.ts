/** What a configuration file imports: `import { defineConfig } from "naru"`. */
export { defineConfig } from "./config/define.ts";
export type {
  Bitrate,
  Duration,
  Listen,
  Size,
  UserAbr,
  UserApplication,
  UserConfig,
  UserLocation,
  UserRung,
} from "./config/user-config.ts";
export type {
  ConnectEvent,
  DisconnectEvent,
  DoneEvent,
  HookAnswer,
  HookEvent,
  HookFunction,
  PlayDoneEvent,
  PlayEvent,
  PublishDoneEvent,
  PublishEvent,
  RecordDoneEvent,
  RecordStartedEvent,
  UpdateEvent,
} from "./hooks/event.ts";
export type { HookCommand, HookTarget, HookTargets, Webhook } from "./hooks/target.ts";
export type { LadderFunction } from "./transcode/config.ts";
export type { LadderSource } from "./transcode/ladder-source.ts";

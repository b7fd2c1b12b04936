import type { KeyPath, Mistake, Notice, Source } from "./mistake.ts";

export type Origins = {
  /** Where a mistake about a setting should point: the setting, or what is written around it. */
  readonly locate: (path: KeyPath) => Source;
  /** Where its value comes from. */
  readonly source: (path: KeyPath) => Source;
};

export type Findings = { readonly mistakes: readonly Mistake[]; readonly notices: readonly Notice[] };

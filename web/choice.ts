/** One line of a menu. */
export type Choice = {
  readonly value: string;
  readonly label: string;
  /** Behind the label, in quieter letters. */
  readonly detail: string;
  /** It is shown, and cannot be chosen. */
  readonly disabled?: boolean;
};

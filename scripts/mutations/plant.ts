/** A fault to plant in the engine: a text that is replaced by another. */
export interface Plant {
  /** What the engine then does wrong. */
  readonly fault: string;
  readonly file: string;
  /** A text that the file has exactly once. */
  readonly from: string;
  readonly to: string;
  /** Which laws must find it; by default those of the engine. */
  readonly laws?: "engine" | "recorded" | "cluster";
}

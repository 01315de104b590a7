/** A fault to plant in the engine: a text and its replacement. */
export interface Plant {
  /** How the engine then misbehaves. */
  readonly fault: string;
  readonly file: string;
  /** A text that occurs in the file exactly once. */
  readonly from: string;
  readonly to: string;
  /** The laws that must find it; by default those of the engine. */
  readonly laws?: "engine" | "recorded" | "cluster";
}

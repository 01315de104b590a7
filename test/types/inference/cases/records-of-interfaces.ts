/** Cases and contenders whose record has an interface as its type, which has no index signature. */
import type { OutputsOf } from "espalier";
import { pipeline } from "espalier";
import { same } from "../same.ts";

interface Handlers {
  readonly pdf: () => string;
  readonly html: (inputs: { readonly kind: string }) => number;
}
declare const handlers: Handlers;
interface Mirrors {
  readonly near: () => string;
  readonly far: () => Promise<number>;
}
declare const mirrors: Mirrors;

export const p = pipeline("p")
  .step("kind", [], (): "pdf" | "html" => "html")
  .switch("page", ["kind"], ({ kind }) => kind, handlers)
  .race("first", [], mirrors);
same<OutputsOf<typeof p>["page"], string | number>(true);
same<OutputsOf<typeof p>["first"], string | number>(true);

import type { PageData } from "../../src/draw/page/data.ts";

/** The data that a page of a report holds. */
export const dataOf = (html: string): PageData =>
  JSON.parse(/<script type="application\/json">([^<]*)<\/script>/.exec(html)![1]!) as PageData;

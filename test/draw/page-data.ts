import type { PageData } from "../../src/draw/page/data.ts";

/** The data in the page of a report. */
export const dataOf = (html: string): PageData =>
  JSON.parse(/<script type="application\/json">([^<]*)<\/script>/.exec(html)![1]!) as PageData;

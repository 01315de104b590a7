/** Two thousand hostile labels, in each format of a plan, parsed by the program that usually reads that format. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { Plan } from "espalier/draw";
import { shortened, visible } from "../../src/draw/escape.ts";
import type { Opened } from "./browser.ts";
import { inBrowser } from "./browser.ts";
import type { Hostile } from "./hostile-plan.ts";
import { hostilePlan, hostilePlans } from "./hostile-plan.ts";

const plans = hostilePlans("labels in files");

/** The visible part of a label that is cut to this many characters. */
const begins = (name: string, length: number): string => {
  const short = shortened(visible(name), length);
  return short.endsWith("…") ? short.slice(0, -1) : short;
};

/** Texts as a reader sees them: renderers draw several spaces as one. */
const spaced = (text: string): string => text.replaceAll(/\s+/gu, " ").trim();

test("JSON can be read back as the plan", () => {
  for (const { plan } of plans) {
    expect(JSON.parse(Plan.toJson(plan))).toEqual(JSON.parse(JSON.stringify(plan)));
  }
});

const hasGraphviz = spawnSync("dot", ["-V"]).status === 0;
if (!hasGraphviz) console.warn("What Graphviz reads is not tested: there is no dot. Install graphviz.");

const graphviz = (format: string, dot: string): string => {
  const { status, stdout, stderr } = spawnSync("dot", [`-T${format}`], {
    input: dot,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  expect({ status, complaints: stderr }).toEqual({ status: 0, complaints: "" });
  return stdout;
};

describe.skipIf(!hasGraphviz)("Graphviz", () => {
  test("reads the nodes, clusters, edges and labels that were written, and no others", () => {
    for (const { plan, steps, others, edges, clusters, names } of plans) {
      const read = JSON.parse(graphviz("dot_json", Plan.toDot(plan))) as {
        readonly objects: ReadonlyArray<{ readonly name: string; readonly label: string }>;
        readonly edges: ReadonlyArray<unknown>;
      };
      const nodes = read.objects.filter(({ name }) => !name.startsWith("cluster_"));
      expect(nodes).toHaveLength(steps + others);
      expect(read.objects).toHaveLength(steps + others + clusters);
      expect(read.edges).toHaveLength(edges);
      // As Graphviz draws it: an escaped character is itself, and so is an entity.
      const shown = nodes.map(({ label }) => label.replaceAll(/\\(.)/gu, "$1").replaceAll("&amp;", "&"));
      for (const name of names) expect(shown).toContain(visible(shortened(name, 500)));
    }
  });

  test("draws them", () => {
    const { plan, steps, others } = plans[0]!;
    const svg = graphviz("svg", Plan.toDot(plan));
    expect(svg.match(/<g id="node\d+" class="node">/gu)).toHaveLength(steps + others);
    expect(svg).not.toContain("<script");
  });
});

inBrowser("A browser", ({ open }) => {
  test("reads each SVG as XML: a group for each step and input, and the label as its text", async () => {
    const { page } = await open("<!doctype html><meta charset=utf-8>", { is: "html" });
    for (const { plan, steps, others, names } of plans) {
      const read = await page.evaluate((svg) => {
        const file = new DOMParser().parseFromString(svg, "image/svg+xml");
        const groups = Array.from(file.querySelectorAll("svg > g:not(.legend)"));
        return {
          kinds: [
            ...new Set(Array.from(file.querySelectorAll("*"), ({ localName }) => localName)),
          ].toSorted(),
          attributes: Array.from(file.querySelectorAll("*"), (element) =>
            element.getAttributeNames().filter((name) => /^on|href/u.test(name)),
          ).flat(),
          titles: groups.map((group) => group.querySelector("title")!.textContent),
          texts: groups.map((group) => group.querySelector("text")!.textContent),
        };
      }, Plan.toSvg(plan));
      // No "parsererror", and no elements that a label created.
      expect(read.kinds).toEqual(["defs", "g", "marker", "path", "rect", "style", "svg", "text", "title"]);
      expect(read.attributes).toEqual([]);
      // A direct value is shown in its step.
      const values = plan.steps.filter(({ expansions }) => expansions?.[0]?.plan === undefined && expansions);
      expect(read.texts).toHaveLength(steps + others - values.length);
      for (const name of names) {
        expect(read.texts.some((text) => text.startsWith(begins(name, 34)))).toBe(true);
        expect(read.titles.some((title) => title.includes(visible(name)))).toBe(true);
      }
    }
  });

  test("runs no script of an SVG: as a file, as a picture, or inside a page", async () => {
    const svgs = plans.map(({ plan }) => Plan.toSvg(plan));
    const pictures = svgs.map(
      (svg) => `<img src="data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}">`,
    );
    const html = `<!doctype html><meta charset=utf-8>${svgs.join("")}${pictures.join("")}`;
    const isHarmless = async ({ page, requests, complaints }: Opened): Promise<void> => {
      expect(await page.evaluate(() => "pwned" in window)).toBe(false);
      expect(complaints).toEqual([]);
      expect(requests).toEqual([]);
    };
    for (const svg of svgs.slice(0, 4)) {
      const opened = await open(svg, { is: "svg" });
      await isHarmless(opened);
      await opened.leave();
    }
    const opened = await open(html, { is: "html" });
    await isHarmless(opened);
    const widths = await opened.page.evaluate(() =>
      Array.from(document.querySelectorAll("img"), (img) => img.naturalWidth),
    );
    expect(widths).toHaveLength(plans.length);
    expect(Math.min(...widths)).toBeGreaterThan(300);
  });

  const mermaid = fileURLToPath(import.meta.resolve("mermaid/dist/mermaid.min.js"));

  /** The parts of Mermaid that the page uses. */
  interface Mermaid {
    initialize(config: Record<string, unknown>): void;
    render(id: string, chart: string): Promise<{ readonly svg: string }>;
    readonly mermaidAPI: {
      getDiagramFromText(chart: string): Promise<{
        readonly db: {
          getVertices(): ReadonlyMap<string, { readonly text: string }>;
          getEdges(): ReadonlyArray<unknown>;
          getSubGraphs(): ReadonlyArray<unknown>;
        };
      }>;
    };
  }

  const load = async (page: Page, securityLevel: string): Promise<void> => {
    if (!(await page.evaluate(() => "mermaid" in window))) await page.addScriptTag({ path: mermaid });
    await page.evaluate((securityLevel) => {
      const { mermaid } = globalThis as unknown as { readonly mermaid: Mermaid };
      mermaid.initialize({ startOnLoad: false, securityLevel, maxTextSize: 10_000_000, maxEdges: 10_000 });
    }, securityLevel);
  };

  /** Replaces Mermaid's own stand-ins for entities by the characters that they represent. */
  const decoded = (text: string): string =>
    text.replaceAll(/ﬂ°°(\d+)¶ß/gu, (_, code: string) => String.fromCodePoint(Number(code)));

  test("with Mermaid reads the nodes, subgraphs, edges and labels that were written, and no others", async () => {
    const { page, complaints } = await open("<!doctype html>", { is: "html" });
    await load(page, "loose");
    for (const { plan, steps, others, edges, clusters, names } of plans) {
      const read = await page.evaluate(async (chart) => {
        const { mermaid } = globalThis as unknown as { readonly mermaid: Mermaid };
        // The same as `mermaid.parse`, with its result.
        const { db } = await mermaid.mermaidAPI.getDiagramFromText(chart);
        return {
          texts: Array.from(db.getVertices().values(), ({ text }) => text),
          edges: db.getEdges().length,
          clusters: db.getSubGraphs().length,
        };
      }, Plan.toMermaid(plan));
      expect(read.texts).toHaveLength(steps + others);
      expect(read.edges).toBe(edges);
      expect(read.clusters).toBe(clusters);
      const shown = read.texts.map((text) => spaced(decoded(text)));
      for (const name of names) expect(shown).toContain(spaced(visible(shortened(name, 300))));
    }
    expect(complaints).toEqual([]);
  });

  test("with Mermaid draws labels as text and runs none, strict and loose", async () => {
    const some: Hostile = hostilePlan(plans.flatMap(({ names }) => names).slice(0, 30));
    const { page, requests, complaints } = await open("<!doctype html>", { is: "html" });
    for (const level of ["strict", "loose"]) await isText(page, some, level);
    expect(complaints).toEqual([]);
    expect(requests).toEqual([]);
  });

  const isText = async (page: Page, some: Hostile, level: string): Promise<void> => {
    await load(page, level);
    const read = await page.evaluate(async (chart) => {
      const { mermaid } = globalThis as unknown as { readonly mermaid: Mermaid };
      const { svg } = await mermaid.render("drawn", chart);
      const place = document.createElement("div");
      place.innerHTML = svg;
      document.body.replaceChildren(place);
      return {
        nodes: Array.from(place.querySelectorAll(".node"), (node) => node.textContent),
        kinds: [...new Set(Array.from(place.querySelectorAll("*"), ({ localName }) => localName))],
      };
    }, Plan.toMermaid(some.plan));
    expect(read.nodes).toHaveLength(some.steps + some.others);
    // A label that contains one of Mermaid's stand-ins is shown as the character that it represents.
    for (const name of some.names) {
      expect(read.nodes.map(spaced)).toContain(spaced(decoded(visible(shortened(name, 300)))));
    }
    for (const kind of ["script", "img", "iframe", "a", "object", "ul", "ol", "strong", "em", "i"]) {
      expect(read.kinds).not.toContain(kind);
    }
    expect(await page.evaluate(() => "pwned" in window)).toBe(false);
  };

  const scripts = [
    "สวัสดีชาวโลกทั้งหลาย",
    "مرحبا بالعالم يا أصدقاء",
    "नमस्ते दुनिया क्षत्रिय",
    "ﷺ ﷽ ﷻ",
    "𒐫𒈙⸻꧅",
    "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW",
    "👩‍👩‍👧‍👦".repeat(6),
    "🇩🇪🇫🇷❤️☎️©®™",
    "한국어 ｱｲｳ 日本語の名前",
    "⸻".repeat(34),
    "﷽".repeat(34),
    "ꗢ☇𐓚𞋱ᓊ⸻⠷",
    "தமிழ் ഔഔഔഔഔഔഔഔഔ",
    "𝔐𝔐𝔐𝔐𝔐𝔐⋘⋘⋘⋘⋘Ǆ",
    "\u0301",
    `a${"\u0301".repeat(30)}`,
  ];

  test("draws labels inside their boxes, and boxes apart from or inside each other", async () => {
    const { page } = await open("<!doctype html>", { is: "html" });
    for (const { plan } of [hostilePlan(scripts), ...plans]) {
      const said = await page.evaluate((svg) => {
        document.body.innerHTML = svg;
        const groups = Array.from(document.querySelectorAll("svg > g:not(.legend)"), (group) => {
          // The box behind an expandable one belongs to it.
          const boxes = Array.from(group.querySelectorAll("rect"), (rect) => rect.getBBox());
          return {
            left: Math.min(...boxes.map(({ x }) => x)),
            right: Math.max(...boxes.map(({ x, width }) => x + width)),
            top: Math.min(...boxes.map(({ y }) => y)),
            bottom: Math.max(...boxes.map(({ y, height }) => y + height)),
            texts: Array.from(group.querySelectorAll("text"), (text) => {
              // Relative to its clipping element, if it has one; that bounds its visible part, from top to bottom.
              const { x, y, width, height } = text.getBBox();
              const cut = text.closest("g > svg");
              if (cut === null) return [text.textContent, { x, y, width, height }] as const;
              const [left, top, high] = ["x", "y", "height"].map((name) => Number(cut.getAttribute(name)));
              return [text.textContent, { x: x + left!, y: top!, width, height: high! }] as const;
            }),
          };
        });
        const outside = groups.flatMap(({ left, right, top, bottom, texts }) =>
          texts
            .filter(
              ([, { x, y, width, height }]) =>
                width > 0 && (x < left || x + width > right || y < top || y + height > bottom),
            )
            .map(([text, { width }]) => [text, width, right - left]),
        );
        const over = groups.filter((a, i) =>
          groups.some((b, k) => {
            const [inner, outer] = a.right - a.left < b.right - b.left ? [a, b] : [b, a];
            const isApart = a.left >= b.right || b.left >= a.right || a.top >= b.bottom || b.top >= a.bottom;
            const isInside =
              inner.left >= outer.left &&
              inner.right <= outer.right &&
              inner.top >= outer.top &&
              inner.bottom <= outer.bottom;
            return k > i && !isApart && !isInside;
          }),
        );
        return { outside, over: over.map(({ texts }) => texts[0]?.[0]) };
      }, Plan.toSvg(plan));
      expect(said).toEqual({ outside: [], over: [] });
    }
  });
});

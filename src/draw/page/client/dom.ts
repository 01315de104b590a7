/** Elements of the page. Text is only ever set as text, so that no label or value can become markup. */

type Child = Node | string | undefined;

export const el = <Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className = "",
  ...children: ReadonlyArray<Child>
): HTMLElementTagNameMap[Tag] => {
  const element = document.createElement(tag);
  if (className !== "") element.className = className;
  for (const child of children) if (child !== undefined) element.append(child);
  return element;
};

export const svgEl = <Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string | number>> = {},
  text?: string,
): SVGElementTagNameMap[Tag] => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  if (text !== undefined) element.textContent = text;
  return element;
};

export const button = (
  text: string,
  title: string,
  onClick: () => void,
  className = "",
): HTMLButtonElement => {
  const element = el("button", className, text);
  element.type = "button";
  element.title = title;
  element.setAttribute("aria-label", title);
  element.addEventListener("click", onClick);
  return element;
};

export const count = (value: number, one: string, many = `${one}s`): string =>
  `${value.toLocaleString("en")} ${value === 1 ? one : many}`;

/** A length of time, given in milliseconds. */
export const time = (millis: number): string => {
  if (millis < 1_000) return `${Math.round(millis * 10) / 10} ms`;
  if (millis < 60_000) return `${(millis / 1_000).toFixed(millis < 10_000 ? 2 : 1)} s`;
  const minutes = Math.floor(millis / 60_000);
  const seconds = Math.round((millis % 60_000) / 1_000);
  return minutes < 60 ? `${minutes} min ${seconds} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
};

/** Calls `draw` once before the next picture, however often it is asked to. */
export const soon = (draw: () => void): (() => void) => {
  let isAsked = false;
  return () => {
    if (isAsked) return;
    isAsked = true;
    requestAnimationFrame(() => {
      isAsked = false;
      draw();
    });
  };
};

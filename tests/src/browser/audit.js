// Whether a page can be used by everybody, as far as a program can tell: what WCAG 2.2 asks at level AA, and that nothing
// is cut off at this width. Returns what is wrong, each as "rule: what". Runs in the page, loads nothing.
"use strict";

const wrong = [];
const all = (selector, from = document) => [...from.querySelectorAll(selector)];
const words = (text) => (text ?? "").replace(/\s+/gu, " ").trim();
const isShown = (element) => element.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true });

/** How a person would find the element again. */
function spot(element) {
  const id = element.id ? `#${element.id}` : "";
  const kind = element.classList.length ? `.${[...element.classList].join(".")}` : "";
  const inside = words(element.textContent).slice(0, 60);
  return `<${element.localName}${id}${kind}> ${inside || element.getAttribute("name") || element.getAttribute("href") || ""}`;
}

function report(rule, element, more = "") {
  wrong.push(`${rule}: ${element ? spot(element) : ""}${more ? ` (${more})` : ""}`);
}

/** The name that assistive technology reads, as far as these pages make names. */
function nameOf(element) {
  const referred = (element.getAttribute("aria-labelledby") ?? "").split(/\s+/u).filter(Boolean);
  const labelled = referred.map((id) => words(document.getElementById(id)?.textContent)).join(" ");
  const labels = element.labels ? [...element.labels].map((label) => ownWords(label, element)).join(" ") : "";
  const inner = ["a", "button", "summary", "th", "legend", "label", "h1", "h2", "h3", "h4"].includes(element.localName)
    ? words([element.textContent, ...all("img", element).map((img) => img.alt)].join(" "))
    : "";
  const svg = words(all("svg > title, svg [aria-label], svg[aria-label]", element).map((one) => one.getAttribute("aria-label") ?? one.textContent).join(" "));
  const own = element.type === "image" ? words(element.alt) : element.type === "submit" ? words(element.value) : "";
  return words(labelled) || words(element.getAttribute("aria-label")) || words(labels) || own || inner || svg;
}

/** What a label says beside the field that it holds. */
function ownWords(label, field) {
  const copy = label.cloneNode(true);
  all("select, textarea, input", copy).forEach((one) => one.remove());
  return words(copy.textContent) || words(field.getAttribute("aria-label"));
}

function language() {
  const lang = document.documentElement.lang;
  if (!/^[a-z]{2}(-|$)/u.test(lang)) {
    wrong.push(`lang: « ${lang} »`);
  }
  if (!words(document.title)) {
    wrong.push("title: the page has none");
  }
  const viewport = document.querySelector("meta[name=viewport]")?.content ?? "";
  if (!viewport.includes("width=device-width") || /user-scalable=no|maximum-scale/u.test(viewport)) {
    wrong.push(`viewport: « ${viewport} »`);
  }
}

function headings() {
  const found = all("h1, h2, h3, h4, h5, h6").filter(isShown);
  const first = found.filter((heading) => heading.localName === "h1");
  if (first.length !== 1) {
    wrong.push(`h1: there are ${first.length}`);
  }
  let last = 0;
  for (const heading of found) {
    const level = Number(heading.localName[1]);
    if (level > last + 1) {
      report("heading-order", heading, `h${level} after h${last}`);
    }
    if (!nameOf(heading)) {
      report("heading-empty", heading);
    }
    last = level;
  }
}

function landmarks() {
  if (all("main").length !== 1) {
    wrong.push(`main: there are ${all("main").length}`);
  }
  const navs = all("nav");
  const names = navs.map(nameOf);
  if (navs.length > 1 && new Set(names).size !== navs.length || names.some((name) => !name)) {
    wrong.push(`nav: names ${JSON.stringify(names)}`);
  }
  // Where nothing stands before the main part there is nothing to pass over.
  const first = focusable()[0];
  const target = first?.hash && document.getElementById(first.hash.slice(1));
  if (first && !first.closest("main") && target?.localName !== "main") {
    wrong.push("skip: the first thing to reach is no link to the main part");
  }
}

function focusable() {
  const inputs = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]";
  return all(inputs).filter((one) => !one.disabled && one.tabIndex >= 0 && isShown(one));
}

function names() {
  for (const one of all("input:not([type=hidden]), select, textarea").filter(isShown)) {
    if (!nameOf(one)) {
      report("label", one);
    }
  }
  // The button that Enter presses in a form may be for nobody's eyes, ears and keys.
  const isForNobody = (one) => one.getAttribute("aria-hidden") === "true" && one.tabIndex < 0;
  for (const one of all("a[href], button, summary, legend, label").filter(isShown)) {
    if (!nameOf(one) && !isForNobody(one)) {
      report("name-empty", one);
    }
  }
  for (const one of all("fieldset").filter(isShown)) {
    if (one.firstElementChild?.localName !== "legend") {
      report("legend", one);
    }
  }
  for (const one of all("img")) {
    if (!one.hasAttribute("alt")) {
      report("alt", one);
    }
  }
  for (const one of all("svg").filter(isShown)) {
    // A drawing with links in it is a group of them: what is inside an image does not exist for readers by ear.
    const named = one.getAttribute("role") === (one.querySelector("a") ? "group" : "img") && nameOfSvg(one);
    if (one.getAttribute("aria-hidden") !== "true" && !named && !one.closest("[aria-hidden=true]")) {
      report("svg", one);
    }
  }
  for (const one of all("a a, a button, button a, button button, summary a, summary button, label a, label button")) {
    report("nested", one);
  }
  for (const one of all("[tabindex]")) {
    if (one.tabIndex > 0) {
      report("tabindex", one);
    }
  }
}

function nameOfSvg(svg) {
  const id = svg.getAttribute("aria-labelledby");
  return words(svg.getAttribute("aria-label")) || words(svg.querySelector(":scope > title")?.textContent) || (id && document.getElementById(id));
}

function references() {
  const seen = new Set();
  for (const one of all("[id]")) {
    if (seen.has(one.id)) {
      report("id-twice", one);
    }
    seen.add(one.id);
  }
  for (const attribute of ["for", "aria-describedby", "aria-labelledby", "aria-controls", "list"]) {
    for (const one of all(`[${attribute}]`)) {
      for (const id of one.getAttribute(attribute).split(/\s+/u).filter(Boolean)) {
        if (!seen.has(id)) {
          report("id-missing", one, `${attribute}="${id}"`);
        }
      }
    }
  }
  for (const one of all("a[href^='#']")) {
    if (!seen.has(decodeURIComponent(one.getAttribute("href").slice(1)))) {
      report("anchor", one);
    }
  }
}

function tables() {
  for (const table of all("table").filter(isShown)) {
    const heads = all("th", table);
    if (!heads.length) {
      report("table-heads", table);
    }
    for (const head of heads) {
      if (!["row", "col", "rowgroup", "colgroup"].includes(head.scope)) {
        report("th-scope", head);
      }
      if (!nameOf(head)) {
        report("th-empty", head);
      }
    }
  }
  for (const list of all("ul, ol")) {
    if ([...list.children].some((child) => !["li", "script", "template"].includes(child.localName))) {
      report("list", list);
    }
  }
  for (const list of all("dl")) {
    if ([...list.children].some((child) => !["dt", "dd", "div"].includes(child.localName))) {
      report("dl", list);
    }
  }
}

/** Red, green, blue and how opaque, from a computed colour. */
function colour(text) {
  const numbers = text.match(/[\d.]+/gu)?.map(Number) ?? [0, 0, 0, 0];
  const srgb = text.startsWith("color(srgb");
  const [r, g, b] = srgb ? numbers.slice(0, 3).map((one) => one * 255) : numbers;
  return [r, g, b, numbers[3] ?? 1];
}

const over = ([r, g, b, a], [r2, g2, b2]) => [r * a + r2 * (1 - a), g * a + g2 * (1 - a), b * a + b2 * (1 - a), 1];

/** What is behind an element; `null` where a picture is. */
function behind(element) {
  const layers = [];
  for (let one = element; one; one = one.parentElement) {
    const style = getComputedStyle(one);
    if (style.backgroundImage !== "none") {
      return null;
    }
    const fill = colour(style.backgroundColor);
    layers.push(fill);
    if (fill[3] === 1) {
      break;
    }
  }
  return layers.reverse().reduce((below, above) => over(above, below), [255, 255, 255, 1]);
}

function luminance([r, g, b]) {
  const [x, y, z] = [r, g, b].map((one) => {
    const part = one / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
}

function ratio(first, second) {
  const [light, dark] = [luminance(first), luminance(second)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

function opacity(element) {
  let left = 1;
  for (let one = element; one; one = one.parentElement) {
    left *= Number(getComputedStyle(one).opacity);
  }
  return left;
}

function contrast() {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const told = new Set();
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!words(node.data) || told.has(element) || !isShown(element) || element.closest("option, script, style, title")) {
      continue;
    }
    told.add(element);
    const style = getComputedStyle(element);
    const ground = behind(element);
    const [r, g, b, a] = colour(element.closest("svg") ? style.fill : style.color);
    if (!ground || element.closest("svg")?.querySelector("path, rect, circle")) {
      // On a drawing the ground is whatever is drawn there: the map says of its own colours that they suffice.
      continue;
    }
    const found = ratio(over([r, g, b, a * opacity(element)], ground), ground);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (found < (isLarge ? 3 : 4.5) - 0.005) {
      report("contrast", element, found.toFixed(2));
    }
  }
  for (const one of all("input:not([type=hidden], [type=checkbox], [type=radio], [type=file], [type=image]), select, textarea").filter(isShown)) {
    const style = getComputedStyle(one);
    const edge = ratio(colour(style.borderTopColor), behind(one.parentElement) ?? [255, 255, 255, 1]);
    if (parseFloat(style.borderTopWidth) === 0 || edge < 3) {
      report("field-edge", one, edge.toFixed(2));
    }
  }
  for (const one of all("::placeholder, input[placeholder], textarea[placeholder]").filter(isShown)) {
    const style = getComputedStyle(one, "::placeholder");
    const ground = behind(one);
    const [r, g, b, a] = colour(style.color);
    const found = ground && ratio(over([r, g, b, a * Number(style.opacity || 1)], ground), ground);
    if (found && found < 4.495) {
      report("contrast", one, `placeholder ${found.toFixed(2)}`);
    }
  }
}

/** Whether a link stands in a sentence, where the line's height is what it has. */
function isInSentence(element) {
  if (element.localName !== "a" || getComputedStyle(element).display !== "inline") {
    return false;
  }
  let block = element.parentElement;
  while (getComputedStyle(block).display.startsWith("inline")) {
    block = block.parentElement;
  }
  const links = all("a", block).map((link) => words(link.textContent)).join("");
  return words(block.textContent).length > words(links).length + 2;
}

/** Targets are 24 pixels high and wide, or so far from others that a circle of 24 around them meets none (WCAG 2.5.8). */
function targets() {
  const labelled = (one) => (["checkbox", "radio"].includes(one.type) && one.labels[0]?.contains(one) ? one.labels[0] : one);
  const found = [...new Set(focusable().filter((one) => !one.classList.contains("skip") && !one.closest("svg")).map(labelled))];
  const boxes = found.map((one) => ({ one, box: one.getBoundingClientRect(), flows: isInSentence(one) }));
  const isSmall = ({ box }) => box.width < 23.9 || box.height < 23.9;
  const middle = ({ box }) => [box.left + box.width / 2, box.top + box.height / 2];
  const distance = ([x, y], box) => Math.hypot(Math.max(box.left - x, 0, x - box.right), Math.max(box.top - y, 0, y - box.bottom));
  for (const target of boxes.filter((target) => isSmall(target) && !target.flows)) {
    const [x, y] = middle(target);
    const meets = boxes.find((other) => {
      if (other === target) {
        return false;
      }
      const [x2, y2] = middle(other);
      return distance([x, y], other.box) < 11.9 || (isSmall(other) && Math.hypot(x - x2, y - y2) < 23.9);
    });
    if (meets) {
      const { width, height } = target.box;
      report("target-size", target.one, `${width.toFixed()} × ${height.toFixed()}, beside ${spot(meets.one)}`);
    }
  }
}

/** Nothing is cut off or has to be moved sideways. */
function width() {
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= room) {
    return;
  }
  wrong.push(`width: the page is ${document.documentElement.scrollWidth} wide, and there is room for ${room}`);
  const isClipped = (one) => {
    for (let at = one.parentElement; at && at !== document.body; at = at.parentElement) {
      if (getComputedStyle(at).overflowX !== "visible") {
        return true;
      }
    }
    return false;
  };
  for (const one of all("body *").filter(isShown)) {
    const box = one.getBoundingClientRect();
    if (box.right > room + 0.5 && box.width > 0 && !isClipped(one) && !all("*", one).some((inner) => inner.getBoundingClientRect().right > room + 0.5)) {
      report("width", one, `${box.right.toFixed()} of ${room}`);
    }
  }
}

/** Whatever has the focus shows it. A key was pressed before, so that the browser takes the keyboard to be in use. */
function focus() {
  const look = (one) => {
    const style = getComputedStyle(one);
    const outline = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 ? style.outlineColor : "";
    return [outline, style.boxShadow, style.borderColor, style.backgroundColor, style.stroke, style.strokeWidth].join(" ");
  };
  // Of a link in a drawing its shape shows it.
  const looks = (one) => (one.closest("svg") ? [one, ...all("*", one)] : [one]).map(look).join("\n");
  const before = document.activeElement;
  for (const one of focusable()) {
    one.blur();
    const without = looks(one);
    one.focus({ preventScroll: true });
    if (document.activeElement !== one) {
      report("focus-refused", one);
    } else if (looks(one) === without) {
      report("focus-unseen", one);
    } else if (getComputedStyle(one).outlineStyle !== "none") {
      const ring = ratio(colour(getComputedStyle(one).outlineColor), behind(one.parentElement) ?? [255, 255, 255, 1]);
      if (ring < 3) {
        report("focus-faint", one, ring.toFixed(2));
      }
    }
  }
  before?.focus({ preventScroll: true });
  scrollTo(0, 0);
}

// What is folded must be right, too.
all("details").forEach((one) => {
  one.open = true;
});
for (const rule of [language, headings, landmarks, names, references, tables, contrast, targets, width, focus]) {
  rule();
}
return [...new Set(wrong)];

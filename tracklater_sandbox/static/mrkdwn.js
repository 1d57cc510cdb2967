// Slack's mrkdwn, plain_text and rich_text as DOM nodes.

import { el } from "./dom.js";
import { slackDate } from "./times.js";

const EMOJI = {
  alarm_clock: "⏰", arrow_left: "⬅️", arrow_right: "➡️", bar_chart: "📊", bell: "🔔", blue_circle: "🔵",
  bug: "🐛", bulb: "💡", calendar: "📅", chart_with_upwards_trend: "📈", coffee: "☕", gear: "⚙️",
  green_circle: "🟢", hourglass: "⌛", hourglass_flowing_sand: "⏳", information_source: "ℹ️", large_blue_circle: "🔵",
  large_green_circle: "🟢", large_orange_circle: "🟠", large_yellow_circle: "🟡", link: "🔗", mag: "🔍",
  memo: "📝", no_entry: "⛔", orange_circle: "🟠", palm_tree: "🌴", pencil: "📝", pencil2: "✏️", question: "❓",
  red_circle: "🔴", rocket: "🚀", scissors: "✂️", sleeping: "😴", slightly_smiling_face: "🙂", smile: "😄",
  sparkles: "✨", speech_balloon: "💬", stopwatch: "⏱️", sunny: "☀️", tada: "🎉", thumbsup: "👍", "+1": "👍",
  timer_clock: "⏲️", warning: "⚠️", wave: "👋", white_check_mark: "✅", heavy_check_mark: "✔️", x: "❌",
  yellow_circle: "🟡", zzz: "💤", fast_forward: "⏩", wastebasket: "🗑️", bookmark: "🔖", lock: "🔒",
};

const unescape = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

function withEmoji(text) {
  return text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => EMOJI[name] ?? whole);
}

/** A text object as nodes. */
export function textNodes(object, people = {}) {
  if (!object) return [];
  if (object.type === "mrkdwn") return mrkdwn(object.text, people);
  const text = object.emoji === false ? object.text : withEmoji(object.text);
  return lines(text).flatMap((line, number) => (number ? [el("br"), line] : [line]));
}

/** A text object as a bare string, for labels. */
export function plainText(object) {
  if (!object) return "";
  return object.emoji === false ? object.text : withEmoji(object.text);
}

const lines = (text) => text.split("\n");

/** mrkdwn as nodes: code fences first, then quotes, then what is inside a line. */
export function mrkdwn(text, people = {}) {
  return text.split(/```/).flatMap((part, number) => {
    if (number % 2) return [el("pre", { class: "code-block", text: unescape(part.replace(/^\n/, "")) })];
    return paragraph(part, people);
  });
}

function paragraph(text, people) {
  const nodes = [];
  let quote = null;
  lines(text).forEach((line, number) => {
    if (line.startsWith("&gt;")) {
      quote ??= nodes[nodes.push(el("blockquote")) - 1];
      if (quote.childNodes.length) quote.append(el("br"));
      quote.append(...inline(line.slice(4).trimStart(), people));
      return;
    }
    if (number && !quote) nodes.push(el("br"));
    quote = null;
    nodes.push(...inline(line, people));
  });
  return nodes;
}

const TOKEN = /`([^`]+)`|<([^>]+)>|(?<![\p{L}\p{N}])([*_~])(?!\s)(.+?)(?<!\s)\3(?![\p{L}\p{N}])/u;
const TAGS = { "*": "strong", _: "em", "~": "s" };

function inline(text, people) {
  const nodes = [];
  let rest = text;
  for (let found = TOKEN.exec(rest); found; found = TOKEN.exec(rest)) {
    if (found.index) nodes.push(...squared(unescape(rest.slice(0, found.index))));
    nodes.push(token(found, people));
    rest = rest.slice(found.index + found[0].length);
  }
  if (rest) nodes.push(...squared(unescape(rest)));
  return nodes;
}

/** Words with emoji; coloured squares are drawn, since not every machine has a font with them. */
function squared(text) {
  return text.split(/:large_([a-z]+)_square:/).map((part, number) =>
    (number % 2 ? el("span", { class: `square ${part}`, role: "img", "aria-label": `${part} square` }) : withEmoji(part)));
}

function token([, code, angle, mark, marked], people) {
  if (code !== undefined) return el("code", { text: unescape(code) });
  if (angle !== undefined) return special(angle, people);
  return el(TAGS[mark], {}, inline(marked, people));
}

function special(inside, people) {
  const [target, label] = inside.split(/\|(.*)/s);
  if (target.startsWith("@")) return el("span", { class: "mention", text: `@${people[target.slice(1)] ?? target.slice(1)}` });
  if (target.startsWith("#")) return el("span", { class: "mention", text: `#${label ?? target.slice(1)}` });
  if (target.startsWith("!date^")) {
    const [, seconds, format] = target.split("^");
    return el("time", { text: slackDate(Number(seconds), format) });
  }
  if (target.startsWith("!")) return el("span", { class: "mention", text: `@${target.slice(1)}` });
  return link(unescape(target), inline(label ?? target, people));
}

/** A link that opens elsewhere; anything but http, https and mailto stays text. */
export function link(url, children) {
  const message = /^https:\/\/sandbox\.slack\.com\/archives\/\w+\/p(\d+)$/.exec(url);
  if (message) return el("a", { href: `#p${message[1]}` }, children);
  if (!/^(https?:|mailto:)/.test(url)) return el("span", {}, children);
  return el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, children);
}

// -- rich_text

const STYLES = { bold: "strong", italic: "em", strike: "s", code: "code", underline: "u" };

function styled(node, style = {}) {
  return Object.entries(STYLES).reduce((inner, [name, tag]) => (style[name] ? el(tag, {}, inner) : inner), node);
}

const INLINE = {
  text: (one) => styled(document.createTextNode(one.text), one.style),
  link: (one) => styled(link(one.url, [one.text ?? one.url]), one.style),
  emoji: (one) => document.createTextNode(EMOJI[one.name] ?? `:${one.name}:`),
  user: (one, people) => el("span", { class: "mention", text: `@${people[one.user_id] ?? one.user_id}` }),
  channel: (one) => el("span", { class: "mention", text: `#${one.channel_id}` }),
  date: (one) => el("time", { text: slackDate(one.timestamp, one.format) }),
  color: (one) => el("code", { text: one.value }),
};

function richLine(elements, people) {
  return elements.flatMap((one) => {
    if (one.type !== "text") return [INLINE[one.type]?.(one, people) ?? one.type];
    return lines(one.text).flatMap((line, number) => [
      ...(number ? [el("br")] : []), INLINE.text({ ...one, text: line }),
    ]);
  });
}

const RICH = {
  rich_text_section: (one, people) => el("p", { class: "rich-line" }, richLine(one.elements, people)),
  rich_text_quote: (one, people) => el("blockquote", {}, richLine(one.elements, people)),
  rich_text_preformatted: (one, people) => el("pre", { class: "code-block" }, richLine(one.elements, people)),
  rich_text_list: (one, people) =>
    el(one.style === "ordered" ? "ol" : "ul", { class: `rich-list indent-${one.indent ?? 0}`, start: (one.offset ?? 0) + 1 },
      one.elements.map((item) => el("li", {}, richLine(item.elements, people)))),
};

/** A rich_text block's elements as nodes. */
export function richText(elements, people = {}) {
  return elements.map((one) => RICH[one.type]?.(one, people) ?? el("p", { text: one.type }));
}

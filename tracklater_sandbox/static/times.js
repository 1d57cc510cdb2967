// Times as people read them, in the sandbox's time zone.

let zone = "UTC";

export function setZone(name) {
  zone = name;
}

function shown(at, options) {
  return new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options }).format(at);
}

export const clock = (at) => shown(at, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
export const longDay = (at) => shown(at, { weekday: "long", day: "numeric", month: "long" });
export const isoDay = (at) => new Intl.DateTimeFormat("sv-SE", { timeZone: zone }).format(at);

/** A day like 2026-11-20 as words; noon, so that no zone moves it. */
export function dayWords(iso) {
  const at = new Date(`${iso}T12:00:00Z`);
  return new Intl.DateTimeFormat("en-GB", {
    timeZone: "UTC", weekday: "short", day: "numeric", month: "short",
  }).format(at);
}

export function shiftDay(iso, days) {
  const at = new Date(`${iso}T12:00:00Z`);
  at.setUTCDate(at.getUTCDate() + days);
  return at.toISOString().slice(0, 10);
}

export function duration(seconds) {
  const minutes = Math.round(seconds / 60);
  const hours = Math.floor(minutes / 60);
  return hours ? `${hours} h ${String(minutes % 60).padStart(2, "0")} min` : `${minutes} min`;
}

/** Slack's <!date^…> formats. */
export function slackDate(seconds, format) {
  const at = new Date(seconds * 1000);
  const words = {
    "{date_num}": isoDay(at),
    "{date}": shown(at, { day: "numeric", month: "long", year: "numeric" }),
    "{date_short}": shown(at, { day: "numeric", month: "short", year: "numeric" }),
    "{date_long}": shown(at, { weekday: "long", day: "numeric", month: "long", year: "numeric" }),
    "{time}": clock(at),
    "{time_secs}": shown(at, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }),
  };
  return format.replace(/\{\w+\}/g, (token) => words[token.replace("_pretty", "")] ?? token);
}

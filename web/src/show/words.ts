/** Numbers, times and names as people read them. Pure; the time zone is the browser's own. */

const HOUR = 3600;
const DAY = 24 * HOUR;

/** "1 sign", "3 signs". */
export function many(count: number, one: string, more = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : more}`;
}

/** "a, b and c". */
export function listed(words: string[]): string {
  if (words.length < 2) return words[0] ?? '';
  return `${words.slice(0, -1).join(', ')} and ${words[words.length - 1] ?? ''}`;
}

/** How long ago, from seconds: "now", "12 s ago", "4 min ago", "3 h ago", "2 days ago". */
export function ago(seconds: number): string {
  if (seconds < -1) return `in ${span(-seconds)}`;
  if (seconds < 1) return 'now';
  return `${span(seconds)} ago`;
}

/** A length of time in one unit, rounded down: "12 s", "4 min", "3 h", "2 days". */
export function span(seconds: number): string {
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < HOUR) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 2 * DAY) return `${Math.floor(seconds / HOUR)} h`;
  return `${Math.floor(seconds / DAY)} days`;
}

/** A length of time as one says it in a sentence: "45 seconds", "30 minutes", "1 hour 30 minutes". */
export function spoken(seconds: number): string {
  if (seconds < 60) return many(Math.round(seconds), 'second');
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return many(minutes, 'minute');
  const hours = Math.floor(minutes / 60);
  if (hours >= 48 && minutes % 1440 === 0) return many(hours / 24, 'day');
  const rest = minutes % 60;
  return rest === 0 ? many(hours, 'hour') : `${many(hours, 'hour')} ${many(rest, 'minute')}`;
}

/** A short duration with one decimal below ten seconds: "3.4 s", "48 s", "2 min 05 s". */
export function lasted(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}

/** Milliseconds between two instants: "84 ms", "1.2 s", "3 min". */
export function latency(from: string, to: string): string {
  const ms = Date.parse(to) - Date.parse(from);
  if (Number.isNaN(ms)) return '';
  if (ms < 1000) return `${Math.max(0, ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return span(ms / 1000);
}

export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit] ?? ''}`;
}

export function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}

/* ---- local time ---- */

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** "14:02:33" */
export function clock(date: Date): string {
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** "2026-11-22" */
export function day(date: Date): string {
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** "UTC", "UTC+5:30", "UTC-8": the zone of this computer at that time. */
export function zoneOffset(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  if (minutes === 0) return 'UTC';
  const rest = Math.abs(minutes) % 60;
  const hours = Math.floor(Math.abs(minutes) / 60);
  return `UTC${minutes < 0 ? '-' : '+'}${hours}${rest ? `:${two(rest)}` : ''}`;
}

/** The clock alone today, with the day otherwise. */
export function moment(date: Date, now: Date): string {
  return day(date) === day(now) ? clock(date) : `${day(date)} ${clock(date)}`;
}

/** The whole truth, for a title: "2026-11-22 14:02:33.412 UTC+5:30". */
export function exact(date: Date): string {
  const ms = String(date.getMilliseconds()).padStart(3, '0');
  return `${day(date)} ${clock(date)}.${ms} ${zoneOffset(date)}`;
}

/** What <input type="datetime-local"> wants. */
export function localInput(date: Date): string {
  return `${day(date)}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

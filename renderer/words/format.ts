import { createContext, use } from 'react'

export const FormatContext = createContext<Format>(format(undefined))

/** Numbers and times as this page's locale writes them. */
export function useFormat(): Format {
  return use(FormatContext)
}

/**
 * Numbers, times and sizes as the screens show them. Formatters are made once for a locale: they are costly, and lists ask for
 * thousands a second.
 */
export interface Format {
  /** Columns: `9.1s` `42s` `4m 12s` `2h 05m` `3d 4h`; below a second `212 ms`, below ten milliseconds `3.9 ms`. */
  duration(ms: number): string
  /** Ages, which are drawn anew once a minute: `<1m` `14m` `2h 05m`. */
  age(ms: number): string
  /** In a sentence: `2.1 s` `10 min` `3 h`. */
  inWords(ms: number): string
  /** What runs down or up: `8m 47s`, as 8:47 would be a time of day; above an hour `1h 52m`. */
  countdown(ms: number): string
  /** `14:32:07` */
  clock(at: Date): string
  /** `.412`, to stand dimmer after the clock where order matters. */
  millis(at: Date): string
  /** Within a day the clock, then `yesterday`, `3 weeks ago`. */
  when(at: Date, now: Date): string
  /** Day and time in full, for a tooltip. */
  full(at: Date): string
  /** Binary, three figures at most: `212 B` `88 MiB` `1.31 GiB`. */
  size(bytes: number): string
  /** Of one unit: `748 of 1,204 MiB`. */
  sizes(done: number, total: number): string
  /** `18.4 MiB/s` */
  rate(bytesPerSecond: number): string
  /** `38%` of 0.38. */
  percent(share: number): string
  number(value: number): string
  /** `1 sandbox`, `10 sandboxes`, `1,204 files`. */
  count(value: number, one: string, many?: string): string
}

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour
const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

export function format(locale: string | undefined, timeZone?: string): Format {
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 })
  const oneDigit = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 })
  const upToOne = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 })
  const twoDigits = new Intl.NumberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 })
  const cent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 })
  const zone = timeZone === undefined ? {} : { timeZone }
  const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23', ...zone })
  const full = new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'medium', ...zone })
  const dayOf = new Intl.DateTimeFormat('en-CA', { year: 'numeric', month: '2-digit', day: '2-digit', ...zone })
  const ago = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  const plural = new Intl.PluralRules('en')

  const sized = (bytes: number, power: number) => {
    const value = bytes / 1024 ** power
    if (power === 0) return whole.format(value)
    return (value < 9.995 ? twoDigits : value < 99.95 ? oneDigit : whole).format(value)
  }
  const size = (bytes: number): string => {
    let power = 0
    while (power < units.length - 1 && Math.abs(bytes) / 1024 ** power >= 999.5) power += 1
    const text = sized(bytes, power)
    // 88.00 MiB says no more than 88 MiB.
    return `${power > 0 ? text.replace(/[.,]0+$/, '') : text} ${units[power]}`
  }

  return {
    duration(ms) {
      if (ms < 9.95) return `${oneDigit.format(Math.max(ms, 0))} ms`
      if (ms < 999.5) return `${whole.format(ms)} ms`
      if (ms < 9_950) return `${oneDigit.format(ms / second)}s`
      return twoUnits(ms)
    },
    age: (ms) => (ms < minute ? '<1m' : ms < hour ? `${Math.floor(ms / minute)}m` : twoUnits(ms)),
    inWords(ms) {
      if (ms < 999.5) return `${whole.format(Math.max(ms, 0))} ms`
      if (ms < 9_950) return `${upToOne.format(ms / second)} s`
      if (ms < minute * 1.5) return `${whole.format(ms / second)} s`
      if (ms < hour * 1.5) return `${whole.format(ms / minute)} min`
      if (ms < day * 1.5) return `${upToOne.format(ms / hour)} h`
      return `${whole.format(ms / day)} days`
    },
    countdown(ms) {
      // Up: at 0s it is over, not in its last second.
      return twoUnits(Math.max(0, Math.ceil(ms / second)) * second)
    },
    clock: (at) => clock.format(at),
    millis: (at) => `.${String(at.getMilliseconds()).padStart(3, '0')}`,
    when(at, now) {
      const days = Math.round((Date.parse(dayOf.format(now)) - Date.parse(dayOf.format(at))) / day)
      if (days < 1) return clock.format(at)
      if (days < 7) return ago.format(-days, 'day')
      if (days < 30) return ago.format(-Math.round(days / 7), 'week')
      if (days < 365) return ago.format(-Math.round(days / 30), 'month')
      return ago.format(-Math.round(days / 365), 'year')
    },
    full: (at) => full.format(at),
    size,
    sizes(done, total) {
      let power = 0
      while (power < units.length - 1 && total / 1024 ** power >= 9_999.5) power += 1
      const unit = power === 0 && total >= 1024 ? 1 : power
      const fine = total / 1024 ** unit < 10 ? oneDigit : whole
      return `${fine.format(done / 1024 ** unit)} of ${fine.format(total / 1024 ** unit)} ${units[unit]}`
    },
    rate: (bytesPerSecond) => `${size(bytesPerSecond)}/s`,
    percent: (share) => cent.format(share),
    number: (value) => whole.format(value),
    count: (value, one, many = `${one}s`) => `${whole.format(value)} ${plural.select(value) === 'one' ? one : many}`,
  }
}

/** With a full stop, but not a second one: what the engine says may have its own. */
export function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`
}

function twoUnits(ms: number): string {
  const seconds = Math.floor(ms / second)
  if (seconds < 60) return `${seconds}s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${two(seconds % 60)}s`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h ${two(Math.floor((seconds % 3600) / 60))}m`
  return `${Math.floor(seconds / 86_400)}d ${Math.floor((seconds % 86_400) / 3600)}h`
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}

/** `Docker 28.4.0` is `Docker 28.4` where there is little room; what follows is for the tooltip. */
export function shortEngineName(engine: string): string {
  const found = /^(\w[\w ]*?) v?(\d+\.\d+)/.exec(engine)
  return found ? `${found[1]} ${found[2]}` : (engine.split(/[,(]/)[0]?.trim() ?? engine)
}

import path from 'node:path'
import { isExecutable } from '../lib/debian.mjs'

/** The lightest first: without a window of its own a page costs half the work, and its engine is the same. */
const names = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome']

/** The Chromium that tests drive, as an absolute path: BERTH_CHROMIUM, or the first one on the PATH; null: there is none. */
export function browserPath(): string | null {
  const named = process.env['BERTH_CHROMIUM']
  if (named !== undefined && named !== '') return named
  const places = (process.env['PATH'] ?? '').split(path.delimiter).filter((place) => place !== '')
  return names.flatMap((name) => places.map((place) => path.join(place, name))).find((file) => isExecutable(file)) ?? null
}

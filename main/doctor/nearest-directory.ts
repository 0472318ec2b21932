import { dirname } from 'node:path'
import { look } from './home-sight.ts'

/** The directory itself, or the nearest one above it that is there: where it would be made. */
export async function nearestDirectory(dir: string): Promise<string> {
  for (let at = dir; ; at = dirname(at)) {
    const { facts } = await look(at, { follow: true })
    if (facts?.kind === 'directory' || at === dirname(at)) return at
  }
}

import type { Config } from '../../shared/config.ts'
import { parseSize } from '../../shared/size.ts'

/** Proportional memory of an idle lite sandbox is below 20 MiB; this leaves room. */
const liteBytes = 48 * 1024 ** 2
/** Other images run a desktop and a browser. */
const otherBytes = 512 * 1024 ** 2

/** What `spares: auto` reckons with, in bytes: for all slots, and for one. */
export function bytesOfOne(config: Pick<Config, 'image' | 'resources' | 'spares_memory'>, backend: string): { budget: number; each: number } {
  const lite = backend === 'embedded' || /^berth-lite(:|$)/.test(config.image)
  const guess = lite ? liteBytes : otherBytes
  const limit = config.resources.memory === null ? Infinity : parseSize(config.resources.memory)
  return { budget: parseSize(config.spares_memory), each: Math.min(guess, limit || guess) }
}

import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../main/base/clock.ts'
import { fileLocks } from '../../main/house/home/file-lock.ts'

/**
 * One of several processes after one lock: `node lock-process.ts DIR`. For each line on its standard input it takes the lock
 * of that name, holds it for a moment, and says `alone`, or `not alone` where another was inside meanwhile.
 */
const [dir = ''] = process.argv.slice(2)
const locks = fileLocks(dir, systemClock())
const inside = join(dir, '..', 'inside')

createInterface({ input: process.stdin }).on('line', (name) => void race(name))
console.log('ready')

async function race(name: string): Promise<void> {
  const lock = await locks.take(name, { waitMs: 30_000 })
  let alone = true
  try {
    writeFileSync(inside, '', { flag: 'wx' })
  } catch {
    alone = false
  }
  await sleep(5)
  rmSync(inside, { force: true })
  await lock.release()
  console.log(alone ? 'alone' : 'not alone')
}

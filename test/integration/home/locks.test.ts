import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { systemClock } from '../../../main/base/clock.ts'
import { fileLocks, isRunning, processStamp } from '../../../main/house/home/file-lock.ts'
import { tempDir } from '../../support/temp-dir.ts'

/** Those who find a lock of a dead process come one after the other, whoever of them frees it. */
it('a lock that a dead process left is had by one at a time, however many find it', { timeout: 120_000 }, async () => {
  const temp = await tempDir('locks')
  const dir = join(temp.path, 'locks')
  await mkdir(dir)
  const racers = Array.from({ length: 6 }, () =>
    spawn(process.execPath, [join(import.meta.dirname, '../../support/lock-process.ts'), dir], { stdio: ['pipe', 'pipe', 'inherit'] }),
  )
  const lines = racers.map((racer) => createInterface({ input: racer.stdout })[Symbol.asyncIterator]())
  const said = () => Promise.all(lines.map(async (each) => String((await each.next()).value)))
  try {
    await said()
    const rounds: string[][] = []
    for (let round = 0; round < 30; round += 1) {
      // Above every pid that a system gives.
      await mkdir(join(dir, `lock-${round}.lock`))
      await writeFile(join(dir, `lock-${round}.owner`), JSON.stringify({ pid: 2 ** 31 - 2, stamp: '1', dir }))
      for (const racer of racers) racer.stdin.write(`lock-${round}\n`)
      rounds.push(await said())
    }
    expect(rounds.flat().filter((word) => word !== 'alone')).toEqual([])
    expect((await readdir(dir)).filter((entry) => entry.startsWith('lock-'))).toEqual([])
  } finally {
    for (const racer of racers) racer.kill('SIGKILL')
    await temp.remove()
  }
})

it("whoever died while freeing a dead one's lock keeps nobody from it", async () => {
  const temp = await tempDir('locks')
  try {
    const dir = temp.path
    const dead = JSON.stringify({ pid: 2 ** 31 - 2, stamp: '1', dir })
    await mkdir(join(dir, 'one.lock'))
    await writeFile(join(dir, 'one.owner'), dead)
    await writeFile(join(dir, 'one.breaking'), dead)
    await writeFile(join(dir, 'other.breaking'), dead)
    const locks = fileLocks(dir, systemClock())
    // Sooner than it would have grown old.
    await (await locks.take('one', { waitMs: 8_000 })).release()
    await locks.sweep(new AbortController().signal)
    expect(await readdir(dir)).toEqual([])
  } finally {
    await temp.remove()
  }
})

it('a lock that was made after its owner file is somebody else’s, who is about to write theirs', async () => {
  const temp = await tempDir('locks')
  try {
    const dir = temp.path
    await writeFile(join(dir, 'one.owner'), JSON.stringify({ pid: 2 ** 31 - 2, stamp: '1', dir }))
    await sleep(50)
    await mkdir(join(dir, 'one.lock'))
    expect(await fileLocks(dir, systemClock()).tryTake('one')).toBeNull()
    expect(await readdir(dir)).toContain('one.lock')
  } finally {
    await temp.remove()
  }
})

it('a lock that was lost is had again, by its own process too', { timeout: 60_000 }, async () => {
  const temp = await tempDir('locks')
  try {
    const locks = fileLocks(temp.path, systemClock())
    const held = await locks.take('one', { waitMs: 1_000 })
    // Whatever changes the directory says to its owner that it is another one.
    await writeFile(join(temp.path, 'one.lock', 'file'), '')
    await once(held.broken, 'abort')
    await held.release()
    await (await locks.take('one', { waitMs: 30_000 })).release()
  } finally {
    await temp.remove()
  }
})

it.runIf(process.platform === 'linux')('a process that has ended, of which only its parent has not heard, runs no more', async () => {
  const parent = spawn('sh', ['-c', 'sleep 0.1 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const pid = Number((await createInterface({ input: parent.stdout })[Symbol.asyncIterator]().next()).value)
    const stamp = await processStamp(pid)
    expect(stamp).not.toBeNull()
    await expect.poll(() => isRunning(pid, stamp)).toBe(false)
    // There is still somebody with its number.
    expect(process.kill(pid, 0)).toBe(true)
  } finally {
    parent.kill()
  }
})

import { spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'
import { tempDir } from '../../support/temp-dir.ts'

/** Those who find a lock of a dead process come one after the other, whoever of them frees it. */
it('a lock that a dead process left is had by one at a time, however many find it, but for a rare meeting in the last moment', { timeout: 120_000 }, async () => {
  const temp = await tempDir('locks')
  const dir = join(temp.path, 'locks')
  await mkdir(dir)
  const racers = Array.from({ length: 6 }, () => spawn(process.execPath, [join(import.meta.dirname, '../../support/lock-process.ts'), dir], { stdio: ['pipe', 'pipe', 'inherit'] }))
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
    // Between the last look and the move lie two system calls, which no process can close off for the others. Judging each by itself,
    // as it once was, shares one hold in twelve; and what must not happen twice is excluded by more than a lock.
    expect(rounds.flat().filter((word) => word !== 'alone').length).toBeLessThanOrEqual(1)
  } finally {
    for (const racer of racers) racer.kill('SIGKILL')
    await temp.remove()
  }
})

import { setTimeout as sleep } from 'node:timers/promises'
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { commandLine, readProcesses } from '../../../main/backends/embedded/processes.ts'
import type { Account, Hosting } from '../../support/embedded-hosting.ts'
import { host, ordinaryUser } from '../../support/embedded-hosting.ts'
import { httpTalk, untilReady } from '../../support/sandbox-talk.ts'
import { eventually } from '../../support/wait.ts'

/** Every process of this machine whose command line has the text, our own and its children that search for it excepted. */
function having(text: string): number[] {
  return readProcesses()
    .map((row) => row.pid)
    .filter((pid) => pid !== process.pid && commandLine(pid).some((word) => word.includes(text)))
}

async function kill(hosting: Hosting): Promise<void> {
  const ended = new Promise((resolve) => hosting.child.once('exit', resolve))
  hosting.child.kill('SIGKILL')
  await ended
}

function killedAs(who: string, account: () => Account | null): void {
  describe(`an engine of ${who} that is killed`, () => {
    it('leaves no process of any sandbox, daemons and deaf ones included', async () => {
      const hosting = await host({ sandboxes: 2, as: account() })
      const talk = httpTalk()
      const mark = `daemon-${randomBytes(8).toString('hex')}`
      const sandboxes = await hosting.made
      for (const { found, key } of sandboxes) {
        await untilReady(talk, found, key)
        await talk.exec(found, key, `setsid nohup bash -c 'exec -a ${mark} sleep 900' > /dev/null 2>&1 < /dev/null &`)
        await talk.exec(found, key, `(setsid bash -c '(trap "" TERM HUP INT; exec -a ${mark} sleep 900) &' > /dev/null 2>&1 < /dev/null &)`)
      }
      await eventually('the daemons run', () => having(mark).length >= 4)
      expect(having(hosting.installation).length).toBeGreaterThan(2)
      await kill(hosting)
      await eventually('no daemon is left', () => having(mark).length === 0, { within: 5_000 })
      await eventually('no process of a sandbox is left', () => having(hosting.installation).length === 0, { within: 5_000 })
      for (const { found, key } of sandboxes) expect(await talk.status(found, key, 1_000)).toBeNull()
      await hosting.end()
    })

    it('in the middle of starts leaves none', async () => {
      for (const delay of [0, 3, 6, 12, 25, 60]) {
        const hosting = await host({ sandboxes: 4, as: account() })
        await hosting.opened
        await sleep(delay)
        await kill(hosting)
        await eventually(`nothing is left, killed ${delay} ms after`, () => having(hosting.installation).length === 0, { within: 10_000 })
        await hosting.end()
      }
    })
  })
}

killedAs('the one who runs the tests', () => null)
if (process.getuid?.() === 0) killedAs('an ordinary user', ordinaryUser)

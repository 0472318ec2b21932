import { describe, expect, it } from 'vitest'
import { unenforced } from '../../../main/backends/embedded/starting.ts'
import { host, ordinaryUser } from '../../support/embedded-hosting.ts'
import { httpTalk, untilReady } from '../../support/sandbox-talk.ts'

const limits = { memory: null, cpus: null, pids: 100 }

describe('the limit of processes', () => {
  it('holds for each sandbox of an ordinary user by itself, or is said not to hold', async () => {
    const as = ordinaryUser()
    const hosting = await host({ sandboxes: 2, as, pids: limits.pids })
    const talk = httpTalk()
    const [one, other] = await hosting.made
    for (const { found, key } of [one!, other!]) await untilReady(talk, found, key)
    const bomb = `const { spawn } = require("node:child_process"); let failed = 0
      for (let i = 0; i < 200; i++) spawn("sleep", ["2"]).on("error", () => failed++).unref()
      setTimeout(() => console.log(failed > 0 && failed < 200 ? "held" : failed), 500)`
    const started = await talk.exec(one!.found, one!.key, `/opt/warden/warden -e '${bomb}'`)
    const held = started.stdout.trim() === 'held'
    // Asked for this very process; where root runs the tests, the sandboxes were an ordinary user's, whom it holds.
    expect(held).toBe(as !== null || unenforced(limits, true).length === 0)
    expect((await talk.exec(other!.found, other!.key, 'for i in 1 2 3; do /bin/true & done; wait; echo ok')).stdout.trim()).toBe('ok')
    await hosting.end()
  })
})

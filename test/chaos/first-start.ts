import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Docker from 'dockerode'
import { connect } from '../../main/doors/client/client.ts'
import { removeContainersOf } from '../support/leftover-containers.ts'
import type { Seeded } from '../support/seeded.ts'
import { tempDir } from '../support/temp-dir.ts'
import { eventually } from '../support/wait.ts'
import { killAt } from './aim.ts'
import { checkBridgeFile } from './checks.ts'
import { startHost } from './hosting.ts'
import { leftovers } from './leftovers.ts'
import type { ChaosBackend, Phase } from './phases.ts'
import { configText, slowness } from './world.ts'

export interface FirstStartOptions {
  readonly backend: ChaosBackend
  readonly random: Seeded
  readonly hit: (phase: Phase) => void
  readonly violation: (text: string) => void
}

/** A home whose very first start is killed: the next one finds whole files or none, and works. */
export async function firstStart(phase: Phase, { backend, random, hit, violation }: FirstStartOptions): Promise<string> {
  await using stack = new AsyncDisposableStack()
  const dir = await tempDir('chaos-first')
  stack.defer(() => dir.remove())
  const home = dir.path
  if (backend === 'docker') stack.defer(() => removeContainersOf(new Docker(), { home }))
  const prefix = `chaos${random.hex(6)}`
  await writeFile(join(home, 'config.yaml'), configText(backend, prefix))
  const whole = async (name: string) => await readFile(join(home, name), 'utf8').catch(() => null) // not made yet

  const killed = startHost(home)
  stack.defer(async () => {
    killed.kill()
    await killed.ended
  })
  const reached = await killAt(phase, { host: killed, home, prefix, random, signals: null, patienceMs: 15_000 * slowness() })
  if (reached) hit(phase)
  killed.kill()
  await killed.ended
  const before = { installation: await whole('installation'), token: await whole('token') }
  const port = JSON.parse((await whole('bridge.json')) ?? '{}') as { port?: number }

  const host = startHost(home)
  stack.defer(async () => {
    host.kill()
    await host.ended
  })
  await host.up
  await checkBridgeFile({ home, violation }, host, port.port ?? null)
  for (const name of ['installation', 'token'] as const) {
    if (before[name] !== null && before[name] !== (await whole(name)))
      violation(`the first start was killed at ${phase.name}: the next one has another ${name}`)
  }
  const client = await connect(home)
  try {
    await client.call('acquire', { thread: 'first' })
    const { stdout } = await client.call('exec', { thread: 'first', command: 'echo works' })
    if (stdout !== 'works\n') violation(`after a killed first start a command said ${JSON.stringify(stdout)}`)
    await eventually('nothing of a killed first start is left', async () => {
      const left = await leftovers(home, (await client.call('list', {})).sandboxes, true)
      if (left.length > 0) throw new Error(left.join(', '))
      return true
    }).catch((error: Error) => violation(`${error.message}: ${String(error.cause)}`))
    const { failed } = await client.call('shutdown', {})
    for (const { id, error } of failed) violation(`the shutdown of a new home could not end ${id}: ${error}`)
    await host.ended
  } finally {
    client.close()
  }
  return reached ? phase.name : `not ${phase.name}`
}

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type Docker from 'dockerode'
import type { BerthEvent } from '../../../shared/events.ts'
import type { Sandbox } from '../../../shared/sandbox.ts'
import { openHouse, type House, type HouseOptions } from '../../support/house.ts'
import { eventually } from '../../support/wait.ts'

/** An engine on the real container engine for one defect; all of it goes, whatever happens. */
export async function withHouse(options: HouseOptions, body: (house: House) => Promise<void>): Promise<void> {
  const house = await openHouse(options)
  try {
    await body(house)
  } finally {
    await house.close()
  }
}

/** Edits the configuration of a running engine: lines of YAML that follow the house's own ones, below `sandbox:` where indented. */
export async function reconfigure(house: House, lines: string): Promise<void> {
  const changes = async () => (await house.engine.call('events', { limit: 1000 })).events.filter(({ type }) => type === 'config.changed').length
  const before = await changes()
  await writeFile(join(house.home, 'config.yaml'), `backend: docker\nspares: 0\nsandbox:\n  container_prefix: ${house.prefix}\n${lines}\n`)
  await eventually('the new configuration is in force', async () => (await changes()) > before)
}

/** After a test that kills the processes of a home: sandboxes, and probes cut short. */
export async function removeOfHome(docker: Docker, home: string): Promise<void> {
  for (const label of [`berth.home=${home}`, `berth.probe.home=${home}`]) {
    for (const { Id } of await docker.listContainers({ all: true, filters: { label: [label] } })) await docker.getContainer(Id).remove({ force: true, v: true })
  }
}

export async function list(house: House): Promise<Sandbox[]> {
  return (await house.engine.call('list', {})).sandboxes
}

/** What Berth told of a thread, oldest first. */
export async function eventsOf(house: House, thread: string): Promise<BerthEvent[]> {
  const { events } = await house.engine.call('events', { limit: 1000 })
  return events.filter((event) => event.thread === thread)
}

/** Whether a command runs in the thread's sandbox: what all of this is for. */
export async function works(house: House, thread: string): Promise<string> {
  const { stdout, exit_code } = await house.engine.call('exec', { thread, command: 'echo works' })
  return `${stdout.trim()} ${exit_code}`
}

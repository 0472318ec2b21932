import type Docker from 'dockerode'
import type { BerthEvent } from '../../../shared/event.ts'
import type { Sandbox } from '../../../shared/sandbox.ts'
import { openHouse, type House, type HouseOptions } from '../../support/house.ts'

/** An engine on the real container engine for one defect; all of it goes, whatever happens. */
export async function withHouse(options: HouseOptions, body: (house: House) => Promise<void>): Promise<void> {
  const house = await openHouse(options)
  try {
    await body(house)
  } finally {
    await house.close()
  }
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

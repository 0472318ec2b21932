import { isDeepStrictEqual } from 'node:util'
import Docker from 'dockerode'
import { containerId } from '../../main/house/home/generations.ts'
import { removeContainersOf, removeNow } from '../support/leftover-containers.ts'
import { slotOf } from './slot-truth.ts'
import { takenThread } from './world.ts'

/** One of the home's containers, as the engine itself says. */
export interface Container {
  readonly ref: string
  readonly name: string
  readonly state: string
  readonly id: string
  readonly thread: string | null
  readonly port: number | null
}

/** The container engine, asked past Berth. */
export interface EngineTruth {
  /** Sandboxes of this home, in any state; claimed slots are among them, by what the home says of them. */
  containers(): Promise<Container[]>
  /** Slots that are nobody's, in any state. */
  spares(): Promise<{ name: string; state: string }[]>
  /** What is wrong with the containers that are none of this home's business. */
  strangers(): Promise<string[]>
  close(): Promise<void>
}

/** With strangers beside the home: one has the name of a thread's container, one the labels of a home that was moved. */
export async function openTruth(home: string, prefix: string, installation: string): Promise<EngineTruth> {
  const docker = new Docker()
  const ours = () => docker.listContainers({ all: true, filters: { label: [`berth.home=${home}`] } })
  const nameOf = (row: Docker.ContainerInfo) => (row.Names[0] ?? '').slice(1)
  const whose = async ({ Labels }: Docker.ContainerInfo): Promise<{ id: string | null; thread: string | null }> => {
    const slot = Labels['berth.slot']
    return slot === undefined ? { id: Labels['berth.id'] ?? null, thread: Labels['berth.thread'] ?? null } : await slotOf(home, slot)
  }
  const made: string[] = []
  const stranger = async (name: string, labels: Record<string, string>) => {
    const container = await docker.createContainer({
      name,
      Image: 'berth-lite:latest',
      Entrypoint: ['sleep', 'infinity'],
      Cmd: [],
      Labels: labels,
      HostConfig: { NetworkMode: 'none' },
    })
    made.push(container.id)
    await container.start()
    return await container.inspect()
  }
  const close = async () => {
    await removeContainersOf(docker, { home })
    for (const id of made) await removeNow(docker, id)
  }
  let before: Docker.ContainerInspectInfo[]
  try {
    before = [
      await stranger(`${prefix}-${containerId('default', takenThread)}`, {}),
      await stranger(`${prefix}-other`, {
        'berth.installation': installation,
        'berth.home': `${home}-moved`,
        'berth.id': containerId('default', 'ada'),
        'berth.user': 'default',
        'berth.thread': 'ada',
      }),
    ]
  } catch (error) {
    await close()
    throw error
  }
  return {
    async containers() {
      const found = await Promise.all((await ours()).map(async (row) => ({ row, ...(await whose(row)) })))
      return found.flatMap(({ row, id, thread }) =>
        id === null
          ? []
          : [
              {
                ref: row.Id,
                name: nameOf(row),
                state: row.State,
                id,
                thread,
                port: row.Ports.find(({ PublicPort }) => PublicPort)?.PublicPort ?? null,
              },
            ],
      )
    },
    async spares() {
      const found = await Promise.all((await ours()).map(async (row) => ({ row, ...(await whose(row)) })))
      return found.filter(({ row, id }) => id === null && row.Labels['berth.slot'] !== undefined).map(({ row }) => ({ name: nameOf(row), state: row.State }))
    },
    async strangers() {
      const problems: string[] = []
      for (const was of before) {
        const is = await docker
          .getContainer(was.Id)
          .inspect()
          .catch(() => null) // gone: said below
        if (!isDeepStrictEqual(is, was))
          problems.push(`the stranger ${was.Name} is not as it was: ${is === null ? 'it is gone' : `${is.State.Status}, ${is.Name}`}`)
      }
      return problems
    },
    close,
  }
}

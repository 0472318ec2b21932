import { connect } from 'node:net'
import { readFile } from 'node:fs/promises'
import { readBridgeFile } from '../../bridge/bridge-file.ts'
import { portPlan, type PortPlan } from '../../bridge/port.ts'
import { portOwner, type PortOwner } from '../../bridge/port-owner.ts'
import { whoAnswers, type Answerer } from '../../bridge/who-answers.ts'
import type { DoctorCheck } from '../doctor-check.ts'
import { bad, ok, type Finding } from '../finding.ts'
import type { HomeSight } from '../home-sight.ts'
import type { Surroundings } from '../surroundings.ts'

/** How many ports are looked at for a home that has none yet. */
const span = 20

export interface PortSight {
  readonly port: number
  readonly taken: boolean
  readonly owner: PortOwner | null
  readonly answers: Answerer | null
}

export const portsCheck: DoctorCheck = {
  name: 'ports',
  run: async (see) => {
    const [home, { config }] = await Promise.all([see.home(), see.config()])
    const kept = (await readBridgeFile(home.paths.bridge)).value?.port ?? null
    const plan = portPlan({ configured: config.bridge.port, kept })
    const sights: PortSight[] = []
    for (const port of plan.ports.slice(0, span)) {
      const sight = await lookAt(port, see, home)
      sights.push(sight)
      if (!sight.taken) break
    }
    return judgePorts(plan, sights, await lowestPort())
  },
}

/** `lowest`: the first port that this user may open. */
export function judgePorts(plan: PortPlan, sights: readonly PortSight[], lowest: number): Finding {
  const last = sights.at(-1)
  const [first] = sights
  if (first === undefined || last === undefined) return ok('The system chooses the port.')
  if (plan.why === 'first') {
    if (!first.taken) return ok(`${first.port} is free; the first start takes it.`)
    const by = ownerText(first)
    return ok(last.taken ? `${first.port} to ${last.port} are taken; the first start looks further.` : `${first.port} is taken by ${by}; the first start takes ${last.port}.`)
  }
  const whose = plan.why === 'configured' ? '`bridge.port` asks for it' : 'clients of this home know it'
  if (first.port < lowest) return bad(`Port ${first.port} may be opened by root only.`, 'Set `bridge.port` to one above 1023.')
  if (!first.taken) return ok(`${first.port} is free (${whose}).`)
  if (first.answers?.who === 'ours') return ok(`${first.port} is this home's own.`)
  const stop = first.owner === null ? 'Stop it' : `kill ${first.owner.pid}`
  return bad(`Port ${first.port} is taken by ${ownerText(first)}, and ${whose}.`, `${stop}   or set \`bridge.port\` in the configuration to a free one`)
}

function ownerText({ owner, answers }: PortSight): string {
  const what = answers?.who === 'other' && answers.reason.includes('Berth of another home') ? 'the Berth of another home' : 'another program'
  return owner === null ? what : `${what === 'another program' ? '' : `${what}, `}pid ${owner.pid} (${owner.command})`
}

async function lookAt(port: number, see: Surroundings, home: HomeSight): Promise<PortSight> {
  if (!(await listens(port, see))) return { port, taken: false, owner: null, answers: null }
  const [owner, answers] = await Promise.all([portOwner(port), whoAnswers(`http://127.0.0.1:${port}`, { token: home.token ?? '', home: home.path ?? home.dir }, 1_500)])
  return { port, taken: true, owner, answers }
}

/** By connecting, not by listening: a listener of ours, however short, could be what keeps a Berth from starting. */
function listens(port: number, see: Surroundings): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    const end = (answer: boolean) => {
      timer.cancel()
      socket.destroy()
      resolve(answer)
    }
    // A full queue of connections: somebody is there who does not take them.
    const timer = see.clock.timer(1_000, () => end(true))
    socket.once('connect', () => end(true)).once('error', () => end(false))
  })
}

async function lowestPort(): Promise<number> {
  if (process.platform !== 'linux' || process.getuid?.() === 0) return 1
  const text = await readFile('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8').catch(() => '1024')
  return Number(text) || 1
}

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { readBridgeFile, type BridgeFile } from '../../bridge/bridge-file.ts'
import { whoAnswers, type Answerer } from '../../bridge/who-answers.ts'
import { isRunning } from '../../home/process-stamp.ts'
import { contractId } from '../../rpc/contract-hash.ts'
import { version } from '../../version.ts'
import type { DoctorCheck } from '../doctor-check.ts'
import { bad, ok, warn, type Finding } from '../finding.ts'

/** What the home says about its engine, and what is true of it. */
export interface EngineState {
  readonly file: BridgeFile | null
  readonly problem: string | null
  readonly answers: Answerer | null
  /** Whether the process that bridge.json names still runs. */
  readonly alive: boolean
  /** The process that holds the home's lock, if it runs. */
  readonly lockedBy: number | null
  readonly ours: { readonly version: string; readonly contract: { readonly version: number; readonly hash: string } }
}

export const berthCheck: DoctorCheck = {
  name: 'berth',
  run: async (see) => {
    const home = await see.home()
    const { value: file, problem } = await readBridgeFile(home.paths.bridge)
    const answers = file === null || file.pid === null || home.token === null ? null : await whoAnswers(file.url, { token: home.token, home: home.path ?? home.dir }, 2_000)
    const alive = file?.pid ? await isRunning(file.pid, null) : false
    return judgeBerth({ file, problem, answers, alive, lockedBy: await lockOwner(home.paths.locks), ours: { version, contract: contractId() } })
  },
}

export function judgeBerth(it: EngineState): Finding {
  const { file, answers, ours, lockedBy } = it
  if (it.problem !== null) return warn(`${it.problem}.`, 'berth serve   (writes it anew)')
  if (answers?.who === 'ours') {
    const { health } = answers
    const same = health.contract.version === ours.contract.version && health.contract.hash === ours.contract.hash
    if (same) return ok(`Berth ${health.version} runs at ${file?.url ?? '?'} (pid ${file?.pid ?? '?'}).`)
    return bad(`Berth ${health.version} runs (pid ${file?.pid ?? '?'}), and this is ${ours.version}: they do not speak the same calls.`, `kill ${file?.pid ?? 'PID'} && berth serve`)
  }
  if (file !== null && file.pid !== null) {
    if (answers === null) return bad(`bridge.json says that Berth runs at ${file.url}, but the token to ask it with cannot be read.`, 'Run this as the user who runs Berth.')
    if (answers.who === 'other') return warn(`bridge.json is stale: at ${file.url} something else answers. ${answers.reason}.`, 'berth serve   (tells what to do about the port)')
    if (it.alive && lockedBy === file.pid) return bad(`Berth (pid ${file.pid}) holds this home but does not answer at ${file.url}: ${answers.reason}.`, `kill ${file.pid}   and, if it is still there after 10 s, kill -9 ${file.pid}; then: berth serve`)
    return warn(`bridge.json is stale: it names pid ${file.pid}, and nobody answers at ${file.url}. Berth was killed.`, 'berth serve   (finds its sandboxes again)')
  }
  if (lockedBy !== null) return warn(`Process ${lockedBy} holds this home's lock but has not said where it is: it starts just now, or hangs.`, `berth doctor   again in a minute; if it stays: kill ${lockedBy}`)
  return ok('Berth does not run for this home; `berth serve` starts it.')
}

const owner = z.object({ pid: z.number(), stamp: z.string().nullable() })

async function lockOwner(locks: string): Promise<number | null> {
  try {
    const { pid, stamp } = owner.parse(JSON.parse(await readFile(join(locks, 'engine.owner'), 'utf8')))
    return (await isRunning(pid, stamp)) ? pid : null
  } catch {
    return null // nobody has it, or the owner died while writing: both mean that nobody works there
  }
}

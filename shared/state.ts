import { z } from 'zod'
import { berthEvent } from './events.ts'
import { imageState } from './image.ts'
import { next } from './next.ts'
import { backendKind, isolation, sandbox } from './sandbox.ts'
import { terminal } from './terminal.ts'

/** A command that an agent or a person has running in a sandbox, known because it came through Berth. */
export const runningCommand = z.object({
  id: z.string().describe('For `interrupt`.'),
  command: z.string().describe('As given, cut at 500 characters.'),
  who: z.string(),
  since: z.iso.datetime(),
})
export type RunningCommand = z.infer<typeof runningCommand>

export const finishedCommand = runningCommand.extend({
  ended_at: z.iso.datetime(),
  exit_code: z.number().int().nullable().describe('null: it was ended from outside.'),
})
export type FinishedCommand = z.infer<typeof finishedCommand>

/** A sandbox as screens show it. Its address is left out: that is a secret, and stays out of what every page holds. */
export const sandboxRow = sandbox.omit({ url: true }).extend({
  commands: z.array(runningCommand),
  finished: z.array(finishedCommand).describe('The last five, newest first.'),
  terminals: z.array(terminal),
})
export type SandboxRow = z.infer<typeof sandboxRow>

/** A spare sandbox that belongs to no thread yet. */
export const slotRow = z.object({
  name: z.string(),
  state: z.enum(['starting', 'ready', 'paused']),
  image: z.string().nullable(),
  created_at: z.iso.datetime(),
})
export type SlotRow = z.infer<typeof slotRow>

/** A browser that has logged in. */
export const uiSession = z.object({
  id: z.string(),
  agent: z.string().describe('What the browser says it is.'),
  created_at: z.iso.datetime(),
  last_seen_at: z.iso.datetime(),
  connected: z.boolean(),
})
export type UiSession = z.infer<typeof uiSession>

/** The engine as a whole, as screens show it. */
export const house = z.object({
  version: z.string(),
  instance: z.string(),
  pid: z.number().int(),
  started_at: z.iso.datetime(),
  home: z.string(),
  url: z.string().describe('Of the bridge.'),
  sandbox_port: z.number().int(),
  token_file: z.string(),
  command: z.array(z.string()).describe('The words that run the `berth` command on the machine of the engine, in any directory.'),
  home_option: z.array(z.string()).describe('What a command line adds to mean this home.'),
  platform: z.string().describe("The engine host's, as node says it: linux, darwin, win32."),
  backend: z.object({
    /** `none`: nothing here can run a sandbox yet; `problem` says why, `fixes` how to get one. */
    kind: backendKind,
    chosen: z.enum(['config', 'auto', 'remembered']),
    reason: z.string(),
    isolation: isolation.nullable(),
    reachable: z.boolean(),
    engine: z.string().nullable(),
    problem: z.string().nullable(),
    fixes: z.array(z.object({ text: z.string(), command: z.string().nullable() })).describe('What to do, best first; commands to be run as they stand.'),
    /** With embedded by auto: a container engine answers by now, `switch_backend` takes it. */
    better: z.string().nullable(),
  }),
  image: imageState.nullable().describe('null: this backend needs none.'),
  replicas: z.number().int(),
  counted: z.number().int(),
  capacity_mode: z.enum(['soft', 'queue', 'reject']),
  next,
  waiting: z.number().int().describe('Acquires that wait for a place or for the engine.'),
  idle_timeout: z.number().describe('Seconds; 0: never.'),
  spares: z.object({ wanted: z.number().int(), slots: z.array(slotRow), off: z.string().nullable().describe('Why there are none; null: they are on.') }),
  on_exit: z.enum(['destroy', 'keep']),
  config: z.object({ file: z.string().nullable(), error: z.string().nullable() }),
  warnings: z.array(z.string()),
  shutting_down: z.boolean(),
  last_event: berthEvent.nullable(),
  now: z.iso.datetime().describe("The engine's clock when this was made: ages and countdowns are counted from it."),
})
export type House = z.infer<typeof house>

export const houseState = z.object({ house, sandboxes: z.record(z.string(), sandboxRow), sessions: z.record(z.string(), uiSession) })
export type HouseState = z.infer<typeof houseState>

/** One change of the state; the ids say which entity. */
export const patchOp = z.discriminatedUnion('op', [
  z.object({ op: z.literal('house'), value: house }),
  z.object({ op: z.literal('sandbox'), value: sandboxRow }),
  z.object({ op: z.literal('sandbox_gone'), id: z.string() }),
  z.object({ op: z.literal('session'), value: uiSession }),
  z.object({ op: z.literal('session_gone'), id: z.string() }),
])
export type PatchOp = z.infer<typeof patchOp>

/** The state after some changes. What did not change keeps its identity, so that a screen renders only what did. */
export function applyPatch(state: HouseState, ops: readonly PatchOp[]): HouseState {
  let { house: facts, sandboxes, sessions } = state
  for (const op of ops) {
    if (op.op === 'house') facts = op.value
    else if (op.op === 'sandbox' || op.op === 'sandbox_gone') {
      if (sandboxes === state.sandboxes) sandboxes = { ...sandboxes }
      if (op.op === 'sandbox') sandboxes[op.value.id] = op.value
      else delete sandboxes[op.id]
    } else {
      if (sessions === state.sessions) sessions = { ...sessions }
      if (op.op === 'session') sessions[op.value.id] = op.value
      else delete sessions[op.id]
    }
  }
  return { house: facts, sandboxes, sessions }
}

import { asBerthError } from '../../shared/errors.ts'
import type { ClaimFiles, SlotSight } from './slot-deps.ts'
import { whySpent, whyUnfit, type Hindrance } from './slots-plan.ts'

/** All that a claim does to the world, one call a step. Handed in, so that a test can kill the process at each of them. */
export interface ClaimSteps extends ClaimFiles {
  /** Why it must not become this thread's, as far as the engine alone knows; null: nothing. */
  hindered(): Promise<Hindrance | null>
  /** 5: the thread's name for the slot's container. The engine takes longest over it, and may go on after the answer. */
  rename(): Promise<void>
  /** 6: it answers. Asked from the start, as the moving of directories changes nothing about it. */
  probe(): Promise<void>
}

export type Claimed =
  /** `naming`: its name is being given to it; `claim.json` says already whose it is. */
  | { readonly kind: 'claimed'; readonly naming: Promise<void> }
  /** Nothing was marked. What is of this thread alone leaves the slot as good as before. */
  | ({ readonly kind: 'unfit' } & Hindrance)
  /** Somebody else's. */
  | { readonly kind: 'taken' }
  /** Every file is where it was, or has come home: the slot's container goes, and the thread starts cold. */
  | { readonly kind: 'undone'; readonly reason: string }

/**
 * Makes a running slot a thread's sandbox. The disk tells after each step which were done, so that a process that is
 * killed anywhere is finished or undone by `recover` alone. Throws only where files could not be brought back: they are in
 * the slot then, and nobody may start the thread before they are back. `turn`: from now on nobody
 * else is at this thread's directory; false: that was not to be had.
 */
export async function claim(steps: ClaimSteps, turn: Promise<boolean>, stopped: () => boolean): Promise<Claimed> {
  // None of these binds anybody, and each takes about as long as the rest: asked for at once, and awaited where it counts.
  const answers = steps.probe()
  const staged = steps.stage()
  for (const early of [answers, staged]) early.catch(() => undefined)
  let hindrance: Hindrance | null = null
  let hindered: Promise<Hindrance | null>
  let sight: SlotSight
  try {
    if (!(await turn)) {
      await cleared(steps, staged)
      return { kind: 'unfit', of: 'thread', reason: 'the thread was not free' }
    }
    hindered = steps.hindered()
    hindered.then((is) => (hindrance = is)).catch(() => undefined)
    sight = await steps.look()
  } catch (error) {
    await cleared(steps, staged)
    throw error
  }
  const against = hindrance ?? whySpent(sight) ?? whyUnfit(sight)
  if (against !== null) {
    await cleared(steps, staged)
    return { kind: 'unfit', ...against }
  }
  try {
    await staged
    if (!(await steps.mark())) {
      await steps.clear()
      return { kind: 'taken' }
    }
  } catch (error) {
    return undone(error)
  }
  if (stopped()) return await backAgain(steps, calledOff)
  // Each is a move by itself, and what is half done is undone as a whole.
  const moves = await Promise.allSettled(sight.children.map((name) => steps.moveIn(name)))
  const stuck = moves.find((move) => move.status === 'rejected')
  if (stuck || stopped()) return await backAgain(steps, stuck ? asBerthError(stuck.reason).message : calledOff)
  try {
    await steps.bringHome(sight.mode)
  } catch (error) {
    return await backAgain(steps, asBerthError(error).message)
  }
  const naming = steps.rename()
  naming.catch(() => undefined)
  try {
    const [late] = await Promise.all([hindered, answers, steps.leaveLink(), steps.leaves(), steps.clear()])
    return late === null ? { kind: 'claimed', naming } : { kind: 'undone', reason: late.reason }
  } catch (error) {
    return undone(error)
  }
}

async function cleared(steps: ClaimSteps, staged: Promise<void>): Promise<void> {
  // What could not be written needs no clearing.
  if (
    await staged.then(
      () => true,
      () => false,
    )
  )
    await steps.clear()
}

const calledOff = 'it was called off'

async function backAgain(steps: ClaimSteps, reason: string): Promise<Claimed> {
  await steps.moveBack()
  return { kind: 'undone', reason }
}

const undone = (error: unknown): Claimed => ({ kind: 'undone', reason: asBerthError(error).message })

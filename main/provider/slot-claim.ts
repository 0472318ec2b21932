import { asBerthError } from '../../shared/errors.ts'
import type { ClaimFiles } from './slot-deps.ts'
import { whyUnfit } from './slots-plan.ts'

/** All that a claim does to the world, one call a step. Handed in, so that a test can kill the process at each of them. */
export interface ClaimSteps extends ClaimFiles {
  /** Whether another container has the thread's name. */
  named(): Promise<boolean>
  /** 5: the thread's name for the slot's container; by whoever called `claim`, after the answer. */
  rename(): Promise<void>
  /** 6: it answers. Asked from the start, as the moving of directories changes nothing about it. */
  probe(): Promise<void>
}

export type Claimed =
  /** Its name is still to be given to it: `claim.json` says already whose it is. */
  | { readonly kind: 'claimed' }
  /** Not for this thread; the slot is as good as before. */
  | { readonly kind: 'unfit'; readonly reason: string }
  /** Somebody else's. */
  | { readonly kind: 'taken' }
  /** Every file is where it was, or has come home: the slot's container goes, and the thread starts cold. */
  | { readonly kind: 'undone'; readonly reason: string }

/**
 * Makes a running slot a thread's sandbox. The disk tells after each step which were done, so that a process that is
 * killed anywhere is finished or undone by `recover` alone. Throws only where files could not be brought back: they are in
 * the slot then, and nobody may start the thread before they are back.
 */
export async function claim(steps: ClaimSteps, stopped: () => boolean): Promise<Claimed> {
  // None of these binds anybody, and each takes about as long as the rest: asked for at once, and awaited where it counts.
  const answers = steps.probe()
  const staged = steps.stage()
  const named = steps.named()
  let taken: boolean | null = null
  for (const early of [answers, staged, named.then((is) => (taken = is))]) early.catch(() => undefined)
  const sight = await steps.look()
  const unfit = taken === true ? othersName : whyUnfit(sight)
  if (unfit !== null) {
    await cleared(steps, staged)
    return { kind: 'unfit', reason: unfit }
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
  try {
    for (const name of sight.children) {
      if (stopped()) return await backAgain(steps, 'it was called off')
      await steps.moveIn(name)
    }
    if (stopped()) return await backAgain(steps, 'it was called off')
    await steps.bringHome(sight.mode)
  } catch (error) {
    return await backAgain(steps, asBerthError(error).message)
  }
  try {
    const [isTaken] = await Promise.all([named, answers, steps.leaveLink(), steps.leaves(), steps.clear()])
    return isTaken ? { kind: 'undone', reason: othersName } : { kind: 'claimed' }
  } catch (error) {
    return undone(error)
  }
}

async function cleared(steps: ClaimSteps, staged: Promise<void>): Promise<void> {
  // What could not be written needs no clearing.
  if (await staged.then(() => true, () => false)) await steps.clear()
}

const othersName = "another container has the thread's name"

async function backAgain(steps: ClaimSteps, reason: string): Promise<Claimed> {
  await steps.moveBack()
  return { kind: 'undone', reason }
}

const undone = (error: unknown): Claimed => ({ kind: 'undone', reason: asBerthError(error).message })

import type { Clock } from '../clock.ts'

/** More than the two clocks' own grain, and nothing that a person would see. Milliseconds. */
const slackMs = 5

/**
 * Monotonic stamps as epoch milliseconds, the same ones each time: asked anew the two clocks differ by their grain, and a stamp
 * that flickers would make everything that carries it look changed. A step of the wall clock is followed.
 */
export function wallStamps(clock: Pick<Clock, 'now' | 'wall'>): (mono: number) => number {
  let offset = clock.wall() - clock.now()
  return (mono) => {
    const seen = clock.wall() - clock.now()
    if (Math.abs(seen - offset) > slackMs) offset = seen
    return Math.round(offset + mono)
  }
}

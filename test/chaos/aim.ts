import { existsSync, watch } from 'node:fs'
import { join } from 'node:path'
import type { BerthEvent } from '../../shared/events.ts'
import type { Seeded } from '../support/seeded.ts'
import type { HostProcess } from './hosting.ts'
import type { Phase } from './phases.ts'

/** What of a running host can be listened to, beside its calls. */
export interface Signals {
  onEvent(listener: (event: BerthEvent) => void): void
  onAnswer(listener: (to: string) => void): void
}

/** This long after it is up, a start has done all that it does. */
const quietMs = 4000

export interface Target {
  readonly host: HostProcess
  readonly home: string
  readonly prefix: string
  readonly random: Seeded
  /** Absent while it starts. */
  readonly signals: Signals | null
  /** Not at the phase within this: then wherever it is, ms. */
  readonly patienceMs: number
}

/**
 * Kills the host at the phase, and resolves when it has ended. True: it was at the phase. A start that is over without
 * having been there is let be.
 */
export async function killAt(phase: Phase, target: Target): Promise<boolean> {
  const { host, home, random, signals } = target
  const { sign } = phase
  const struck = Promise.withResolvers<boolean>()
  const ends: (() => void)[] = []
  let done = false
  // A host that holds its image for gone would fail at the next ones.
  let skip = phase.when === 'traffic' && !phase.name.startsWith('prepare') ? random.int(0, 2) : 0
  const strike = (hit: boolean) => {
    if (done) return
    done = true
    host.kill()
    struck.resolve(hit)
  }
  const reached = () => {
    if (skip > 0) skip -= 1
    else strike(true)
  }
  const later = (ms: number, run: () => void) => {
    const timer = setTimeout(run, ms)
    ends.push(() => clearTimeout(timer))
  }
  const giveUp = () => {
    if (phase.when === 'traffic') return strike(false)
    done = true
    host.order({})
    struck.resolve(false)
  }
  later(target.patienceMs, giveUp)
  if (phase.when !== 'traffic')
    void host.up.then(
      () => later(quietMs, giveUp),
      () => undefined,
    )
  void host.ended.then(() => {
    done = true
    struck.resolve(false)
  })

  if (sign.kind === 'call') {
    host.onCall(({ held }) => held && strike(true))
    if (phase.when === 'traffic') host.order({ wait: sign.at, skip, anonymous: sign.anonymous ?? false })
  } else if (sign.kind === 'after-call') {
    const active = new Set<string>()
    signals?.onEvent(({ type, sandbox }) => void (type === 'sandbox.active' && sandbox !== undefined && active.add(`${target.prefix}-${sandbox}`)))
    host.onCall(({ call, subject }) => {
      if (call === sign.at) later(random.between(0, sign.upToMs), () => !active.has(subject) && reached())
    })
  } else if (sign.kind === 'event') {
    signals?.onEvent(({ type }) => type === sign.type && reached())
  } else if (sign.kind === 'answer') {
    signals?.onAnswer((to) => to === sign.to && reached())
  } else if (sign.kind === 'file') {
    const dir = sign.dir === 'home' ? home : join(home, sign.dir)
    const watcher = watch(dir, (_, name) => {
      // What is written beside a file and renamed may be gone again by now: then it is the moment after that.
      if (name !== null && sign.name.test(name) && (name.endsWith('tmp') || existsSync(join(dir, name)) === sign.there)) reached()
    })
    ends.push(() => watcher.close())
  } else {
    later(random.between(50, 1500), () => strike(true))
  }
  const hit = await struck.promise
  for (const end of ends) end()
  if (hit || phase.when === 'traffic') await host.ended
  return hit
}

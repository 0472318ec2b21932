import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { BackendTraits, Making } from './backend-subject.ts'
import { recordEvents } from './backend-subject.ts'
import { eventually } from './wait.ts'

/** The part of the contract about freezing; called inside the suite's `describe`. */
export function describePausing(making: Making, traits: BackendTraits): void {
  if (!traits.pausable) it('says that it cannot pause, and changes nothing', async () => {
    const { backend, talk } = making.subject
    const { found, spec } = await making.ready()
    await expect(backend.pause(found.ref)).rejects.toMatchObject({ code: 'NOT_SUPPORTED' })
    await expect(backend.unpause(found.ref)).rejects.toMatchObject({ code: 'NOT_SUPPORTED' })
    expect((await backend.inspect(spec.name))?.state).toBe('running')
    expect(await talk.status(found, spec.key, 5_000)).toBe(200)
  })

  if (traits.pausable) it('pauses: no answer; unpauses: the same sandbox answers again', async () => {
    const { backend, talk } = making.subject
    const events = recordEvents(backend)
    try {
      await eventually('the watch is healthy', () => events.watch.healthy())
      const { found, spec } = await making.ready()
      await backend.pause(found.ref)
      expect(await backend.inspect(spec.name)).toMatchObject({ ref: found.ref, state: 'paused', id: spec.id })
      expect(await talk.status(found, spec.key, 700)).toBeNull()
      await backend.unpause(found.ref)
      expect(await backend.inspect(spec.name)).toEqual(found)
      expect(await talk.status(found, spec.key, 10_000)).toBe(200)
      expect(await events.saw(found.ref, 'unpause', 2_000)).toBe(true)
      expect(events.of(found.ref)).toEqual(['start', 'pause', 'unpause'])
    } finally {
      events.watch.close()
    }
  })

  if (traits.pausable && traits.real) it('freezes what runs inside, daemons too, and lets it go on', async () => {
    const { backend, talk } = making.subject
    const data = await making.directory()
    const { found, spec } = await making.ready({ mounts: [{ source: data, target: '/mnt/user-data', readonly: false }] })
    await talk.exec(
      found,
      spec.key,
      "setsid nohup bash -c 'cd /mnt/user-data; i=0; while :; do i=$((i+1)); echo $i > new; mv new count; sleep 0.02; done'" +
        ' > /dev/null 2>&1 < /dev/null &',
    )
    const count = async () => Number(await readFile(join(data, 'count'), 'utf8'))
    const first = await eventually('the daemon counts', count)
    await eventually('the daemon goes on', async () => (await count()) > first)
    await backend.pause(found.ref)
    const frozen = await count()
    await sleep(500)
    expect(await count()).toBe(frozen)
    await backend.unpause(found.ref)
    await eventually('the daemon goes on after the pause', async () => (await count()) > frozen)
  })

  if (traits.pausable) it('removes a paused sandbox, by grace or without', async () => {
    const { backend } = making.subject
    for (const grace of [0, 1]) {
      const { found, spec } = await making.create()
      await backend.pause(found.ref)
      await backend.remove(found.ref, grace)
      expect(await backend.inspect(spec.name)).toBeNull()
    }
  })
}

import { execFileSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { chmod, cp, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Docker from 'dockerode'
import { afterEach, expect, it } from 'vitest'
import { openHome } from '../../../main/house/home/open-home.ts'
import { containerId } from '../../../main/house/home/generations.ts'
import { slotFiles } from '../../../main/house/workspace/slot-files.ts'
import { openHouse, type House, type HouseOptions } from '../../support/house.ts'
import { needs } from '../../support/parts.ts'
import { spawnEngine, type SpawnedEngine } from '../../support/spawn-engine.ts'
import { stateOf } from '../../support/state-of.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { variantImage, type VariantImage } from '../../support/variant-image.ts'
import { eventually } from '../../support/wait.ts'

const houses: House[] = []
afterEach(async () => {
  for (const one of houses.splice(0)) await one.close()
})

async function house(options: HouseOptions = {}): Promise<House> {
  const made = await openHouse({ spares: 1, ...options, sandbox: { replicas: 10, ...options.sandbox } })
  houses.push(made)
  return made
}

const slotsOf = async ({ engine }: House) => (await engine.call('status', {})).slots
const spare = (it: House, count = 1) => eventually('spare sandboxes are ready', async () => (await slotsOf(it)).ready >= count, { within: 60_000 })
const texts = async ({ engine }: House, type: string) =>
  (await engine.call('events', { limit: 1000 })).events.filter((event) => event.type === type).map(({ text }) => text)
const run = async ({ engine }: House, thread: string, command: string) => (await engine.call('exec', { thread, command, cwd: '/mnt/user-data' })).stdout.trim()
const userData = ({ home }: House, thread: string) => join(home, 'users/default/threads', thread, 'user-data')

/** A thread that gets a spare one; on a machine that is too busy for the engine to be heard of, a start may be cold. */
async function bySlot(it_: House, thread: string): Promise<void> {
  await eventually(
    'a spare becomes its own',
    async () => {
      await spare(it_)
      if ((await it_.engine.call('acquire', { thread })).path === 'slot') return true
      await it_.engine.call('destroy', { thread })
      await it_.engine.call('forget', { thread, confirm: thread })
      return false
    },
    { within: 60_000 },
  )
}

/** What a test put into a thread's directory is its agent's, as if that had made it. */
async function given(it_: House, thread: string): Promise<void> {
  const [slot = ''] = await readdir(join(it_.home, 'slots'))
  const { uid, gid } = await stat(join(it_.home, 'slots', slot, 'user-data'))
  execFileSync('chown', ['-R', `${uid}:${gid}`, userData(it_, thread)])
}

/** Berth may be quicker to remove what ended than the engine is to start it again. */
async function restarted({ docker }: House, container: string): Promise<void> {
  await docker
    .getContainer(container)
    .restart({ t: 0 })
    .catch((error: { reason?: string; message: string }) => {
      if (!/marked for removal|no such container|is not running|cannot restart/i.test(error.message)) throw error
    })
}

for (const backend of ['docker', 'embedded'] as const) {
  const { describe } = backend === 'docker' ? needs('docker', 'lite-image') : needs('bubblewrap')
  describe(`slots, ${backend}`, () => {
    it('a new thread gets a sandbox that runs already, with its own files in it, and another takes its place', async () => {
      const it_ = await house({ backend })
      await spare(it_)
      expect(await slotsOf(it_)).toMatchObject({ wanted: 1, problem: null, proven: true })
      await mkdir(join(userData(it_, 'old'), 'workspace/deep'), { recursive: true })
      await writeFile(join(userData(it_, 'old'), 'workspace/deep/a'), 'mine')
      await writeFile(join(userData(it_, 'old'), 'top'), 'too')
      await given(it_, 'old')
      expect(await it_.engine.call('acquire', { thread: 'old' })).toMatchObject({ path: 'slot', thread: 'old', name: it_.nameOf('old') })
      expect(await run(it_, 'old', 'cat workspace/deep/a top; ls; echo new > outputs/b')).toBe('minetoooutputs\ntop\nuploads\nworkspace')
      expect(await readdir(join(userData(it_, 'old'), 'outputs'))).toEqual(['b'])
      await spare(it_)
      expect(await it_.engine.call('acquire', { thread: 'fresh' })).toMatchObject({ path: 'slot' })
      expect(await run(it_, 'fresh', 'find . -type f')).toBe('')
      expect(await run(it_, 'old', 'cat outputs/b')).toBe('new')
    })

    it('screens show the slots that there are, and a claim as what it was; without slots they are told why', async () => {
      const it_ = await house({ backend })
      await spare(it_)
      const screen = await it_.engine.endpoint('a screen')
      const spares = async () => (await stateOf(screen)).house.spares
      const {
        wanted,
        off,
        slots: [first],
      } = await spares()
      expect({ wanted, off, first }).toMatchObject({
        wanted: 1,
        off: null,
        first: {
          name: expect.stringMatching(/-slot-[a-f0-9]{16}$/),
          state: 'ready',
          image: backend === 'docker' ? expect.stringContaining('berth-lite') : null,
        },
      })
      await it_.engine.call('acquire', { thread: 't' })
      expect((await it_.engine.call('events', { limit: 100 })).events.find(({ type }) => type === 'sandbox.active')?.details).toMatchObject({
        path: 'slot',
        ms: expect.any(Number),
      })
      await eventually('the next is shown, and no other', async () => {
        const { slots } = await spares()
        return slots.length === 1 && slots[0]?.state === 'ready' && slots[0].name !== first?.name
      })
      const without = await house({ backend, spares: 0 })
      expect((await stateOf(await without.engine.endpoint('a screen'))).house.spares).toMatchObject({
        wanted: 0,
        slots: [],
        off: expect.stringContaining('spares'),
      })
    })

    it('two threads after one slot: one gets it, the other starts cold, and neither sees the other', async () => {
      const it_ = await house({ backend })
      await spare(it_)
      const threads = ['a', 'b']
      const got = await Promise.all(threads.map((thread) => it_.engine.call('acquire', { thread })))
      expect(got.map(({ path }) => path).sort(), (await texts(it_, 'slots.unfit')).join()).toEqual(['cold', 'slot'])
      for (const thread of threads) await run(it_, thread, `echo ${thread} > workspace/mine`)
      for (const thread of threads) expect(await run(it_, thread, 'cat workspace/*')).toBe(thread)
    })

    it('an engine that says who has the name only after it has given it undoes no claim', async () => {
      const named = Promise.withResolvers<void>()
      const it_ = await house({
        backend,
        decorate: (real) => ({
          ...real,
          async rename(...args) {
            await real.rename(...args)
            named.resolve()
          },
          async inspect(name) {
            await named.promise
            return await real.inspect(name)
          },
        }),
      })
      await spare(it_)
      expect(await it_.engine.call('acquire', { thread: 't' }), (await texts(it_, 'slots.unfit')).join()).toMatchObject({ path: 'slot' })
    })

    it('an unusual thread starts cold, with the reason; its files stay where they are', async () => {
      const it_ = await house({ backend })
      await spare(it_)
      await mkdir(userData(it_, 'wide'), { recursive: true })
      for (let n = 0; n < 20; n += 1) await writeFile(join(userData(it_, 'wide'), `f${n}`), String(n))
      await given(it_, 'wide')
      expect(await it_.engine.call('acquire', { thread: 'wide' })).toMatchObject({ path: 'cold' })
      expect(await run(it_, 'wide', 'ls | wc -l')).toBe('23')
      expect((await texts(it_, 'slots.unfit')).join()).toContain('more than 16')
      expect(await it_.engine.call('acquire', { thread: 'usual' })).toMatchObject({ path: 'slot' })
    })

    it('leaves nothing behind: no directory, no container', async () => {
      const it_ = await house({ backend })
      for (const thread of ['x', 'y']) {
        await spare(it_)
        await it_.engine.call('acquire', { thread })
        await it_.engine.call('destroy', { thread })
      }
      await spare(it_)
      await eventually('one slot is left', async () => (await readdir(join(it_.home, 'slots'))).length === 1)
      if (backend === 'docker') expect(await it_.containers()).toEqual([expect.stringMatching(`^${it_.prefix}-slot-[a-f0-9]{16}$`)])
      await it_.engine.close()
      expect(await readdir(join(it_.home, 'slots'))).toEqual([])
      if (backend === 'docker') expect(await it_.containers()).toEqual([])
    })

    it('what is mounted below the files of a thread leaves its first start quick; a thread with files of its own there starts cold', async () => {
      const shared = await tempDir('shared')
      try {
        await writeFile(join(shared.path, 'word'), 'shared')
        await chmod(shared.path, 0o755)
        const it_ = await house({ backend, sandbox: { mounts: [{ host_path: shared.path, container_path: '/mnt/user-data/workspace/shared' }] } })
        for (const thread of ['n1', 'n2']) {
          await bySlot(it_, thread)
          expect(await run(it_, thread, `cat workspace/shared/word && echo ${thread} > workspace/mine && cat workspace/mine`)).toBe(`shared${thread}`)
        }
        await it_.engine.call('destroy', { thread: 'n1' })
        await spare(it_)
        expect(await it_.engine.call('acquire', { thread: 'n1' })).toMatchObject({ path: 'cold' })
        expect(await run(it_, 'n1', 'cat workspace/mine workspace/shared/word')).toBe('n1\nshared')
        expect((await texts(it_, 'slots.unfit')).join()).toContain('has files in workspace already')
        // What leads elsewhere since is met by the next thread, whatever the spare was started with.
        await rename(join(shared.path, 'word'), join(shared.path, 'old'))
        await rename(shared.path, `${shared.path}-was`)
        await mkdir(shared.path, { mode: 0o755 })
        await writeFile(join(shared.path, 'word'), 'anew')
        expect(await it_.engine.call('acquire', { thread: 'n3' })).toMatchObject({ path: 'cold' })
        expect(await run(it_, 'n3', 'cat workspace/shared/word')).toBe('anew')
        await bySlot(it_, 'n4')
        expect(await run(it_, 'n4', 'cat workspace/shared/word')).toBe('anew')
      } finally {
        await rm(`${shared.path}-was`, { recursive: true, force: true })
        await shared.remove()
      }
    })

    it('where every new sandbox has something among its files already, none is kept ready, and that is said', async () => {
      const shared = await tempDir('file')
      try {
        await writeFile(join(shared.path, 'word'), 'shared')
        const it_ = await house({ backend, sandbox: { mounts: [{ host_path: join(shared.path, 'word'), container_path: '/mnt/user-data/workspace/word' }] } })
        await eventually('it is said', async () => (await slotsOf(it_)).problem !== null)
        expect(await slotsOf(it_)).toMatchObject({ wanted: 0, ready: 0, problem: expect.stringContaining('New threads start cold') })
        expect(await it_.engine.call('acquire', { thread: 't' })).toMatchObject({ path: 'cold' })
        expect(await run(it_, 't', 'cat workspace/word')).toBe('shared')
      } finally {
        await shared.remove()
      }
    })

    it('freezes what is warm, wakes it for whoever comes, and looking does not wake it', async () => {
      const it_ = await house({ backend, spares: 0, config: 'pause_after: 1\n' })
      await it_.engine.call('acquire', { thread: 't' })
      await it_.engine.call('release', { thread: 't' })
      const paused = () => eventually('it is frozen', async () => (await it_.engine.call('get', { thread: 't' })).status === 'paused', { within: 20_000 })
      await paused()
      await it_.engine.call('list', {})
      await it_.engine.call('status', {})
      expect((await it_.engine.call('get', { thread: 't' })).status).toBe('paused')
      expect(await Promise.all(Array.from({ length: 8 }, (_, n) => run(it_, 't', `echo ${n}`)))).toEqual(['0', '1', '2', '3', '4', '5', '6', '7'])
      await paused()
      expect(await it_.engine.call('acquire', { thread: 't' })).toMatchObject({ path: 'warm', status: 'active' })
      await it_.engine.call('exec', { thread: 't', command: '(sleep 4; echo over > /mnt/user-data/workspace/over) & wait', timeout: 60 })
      expect(await run(it_, 't', 'cat workspace/over')).toBe('over')
      await it_.engine.call('release', { thread: 't' })
      const long = it_.engine.call('exec', { thread: 't', command: 'sleep 3; echo done' })
      expect((await long).stdout).toBe('done\n')
      await paused()
      await it_.engine.call('destroy', { thread: 't' })
    })

    it('a hint makes a sandbox ready before its thread comes', async () => {
      const it_ = await house({ backend, sandbox: { replicas: 1 } })
      await spare(it_)
      expect(await it_.engine.call('hint', { thread: 'soon' })).toMatchObject({ state: 'starting' })
      await eventually('it is warm', async () => (await it_.engine.call('get', { thread: 'soon' })).status === 'warm')
      expect(await it_.engine.call('hint', { thread: 'soon' })).toMatchObject({ state: 'ready' })
      expect(await it_.engine.call('acquire', { thread: 'soon' })).toMatchObject({ path: 'warm' })
      expect(await it_.engine.call('hint', { thread: 'other' })).toMatchObject({ state: 'refused' })
    })
  })
}

needs('docker', 'lite-image').describe('slots, docker, by hand', () => {
  it('a claimed container that is restarted is not used again: its files are there in the next one, and its holder is told', async () => {
    const it_ = await house()
    await spare(it_)
    const got = await it_.engine.call('acquire', { thread: 't' })
    expect(got.path).toBe('slot')
    await run(it_, 't', 'echo kept > workspace/a')
    await restarted(it_, got.container ?? '')
    const next = await eventually('another one is there', async () => {
      const again = await it_.engine.call('acquire', { thread: 't' })
      return again.container !== got.container && again
    })
    expect(next).toMatchObject({ was_replaced: true })
    expect(await run(it_, 't', 'cat workspace/a')).toBe('kept')
  })

  it('one that was restarted while Berth was dead is not taken over: nobody knows where its bind leads now', async () => {
    const dir = await tempDir('dead')
    const port = randomInt(20_000, 32_000)
    await writeFile(join(dir.path, 'config.yaml'), `backend: docker\nspares: 1\nbridge:\n  port: ${port}\nsandbox:\n  container_prefix: btdead${port}\n`)
    const ready = (engine: SpawnedEngine) => eventually('a spare', async () => (await engine.call('status', {})).slots.ready > 0, { within: 60_000 })
    const docker = new Docker()
    let engine = await spawnEngine(dir.path)
    try {
      await ready(engine)
      const moved = await engine.call('acquire', { thread: 'moved' })
      expect(moved.path).toBe('slot')
      await ready(engine)
      const left = await engine.call('acquire', { thread: 'left' })
      expect(left.path).toBe('slot')
      for (const thread of ['moved', 'left']) await engine.call('exec', { thread, command: `echo ${thread} > /mnt/user-data/workspace/a` })
      await engine.kill()
      await docker.getContainer(moved.container ?? '').restart({ t: 0 })
      engine = await spawnEngine(dir.path)
      const again = await engine.call('acquire', { thread: 'moved' })
      expect(again.container).not.toBe(moved.container)
      expect(await engine.call('acquire', { thread: 'left' })).toMatchObject({ container: left.container })
      for (const thread of ['moved', 'left'])
        expect((await engine.call('exec', { thread, command: 'cat /mnt/user-data/workspace/a' })).stdout).toBe(`${thread}\n`)
      await engine.close()
      expect(await readdir(join(dir.path, 'slots'))).toEqual([])
    } finally {
      await engine.kill()
      for (const { Id } of await docker.listContainers({ all: true, filters: { label: [`berth.home=${dir.path}`] } }))
        await docker.getContainer(Id).remove({ force: true })
      await dir.remove()
    }
  })

  it('a spare that is restarted or removed goes, and another comes', async () => {
    const it_ = await house()
    await spare(it_)
    const [name = ''] = await it_.containers()
    // Its end is heard of a moment later: until then the old one counts as ready.
    const another = (than: string) =>
      eventually(
        'another spare',
        async () => {
          const [now, ...more] = await it_.containers()
          return more.length === 0 && now !== undefined && now !== than && (await slotsOf(it_)).ready === 1 ? now : false
        },
        { within: 60_000 },
      )
    await restarted(it_, name)
    const second = await another(name)
    await it_.docker.getContainer(second).remove({ force: true })
    await another(second)
    expect(await it_.engine.call('acquire', { thread: 't' })).toMatchObject({ path: 'slot' })
  })

  it('an image that is made anew under its name is what the next thread gets, from a spare or warm; the container gets the name in the answer', async () => {
    const [one, two] = await Promise.all(['one', 'two'].map((word) => variantImage((server) => `export WORD=${word}; exec ${server}`)))
    const docker = new Docker()
    const [repo = '', tag = ''] = `berthtest-renewed:${randomInt(1e9)}`.split(':')
    const means = (image: VariantImage | undefined) => docker.getImage(image?.name ?? '').tag({ repo, tag })
    try {
      await means(one)
      const it_ = await house({ sandbox: { image: `${repo}:${tag}` } })
      const word = (thread: string) => run(it_, thread, "tr '\\0' '\\n' < /proc/1/environ | sed -n s/^WORD=//p; echo $WORD")
      await spare(it_)
      const first = await it_.engine.call('acquire', { thread: 'first' })
      expect(first).toMatchObject({ path: 'slot', name: it_.nameOf('first') })
      // It has it by now, or on a busy machine a moment later: the engine syncs several files for a name.
      const named = await eventually('the container has its name', () =>
        docker
          .getContainer(first.name)
          .inspect()
          .catch(() => false as const),
      )
      expect(named.Id).toBe(first.container)
      expect(await word('first')).toContain('one')
      await spare(it_)
      await means(two)
      expect(await it_.engine.call('acquire', { thread: 'second' })).toMatchObject({ path: 'cold' })
      expect(await word('second')).toContain('two')
      // Who is at work is left at it; whoever comes back to a warm one is not.
      expect(await it_.engine.call('acquire', { thread: 'first' })).toMatchObject({ path: 'reuse' })
      await it_.engine.call('release', { thread: 'first' })
      await spare(it_)
      expect(await it_.engine.call('acquire', { thread: 'first' })).toMatchObject({ path: 'slot' })
      expect(await word('first')).toContain('two')
    } finally {
      for (const house of houses.splice(0)) await house.close()
      await docker.getImage(`${repo}:${tag}`).remove({ force: true })
      await Promise.all([one?.remove(), two?.remove()])
    }
  })

  it("a stranger's container with the thread's name is met as ever", async () => {
    const it_ = await house()
    await spare(it_)
    const stranger = await it_.docker.createContainer({ name: it_.nameOf('t'), Image: 'berth-lite:latest', Entrypoint: ['sleep', '60'] })
    try {
      await expect(it_.engine.call('acquire', { thread: 't' })).rejects.toMatchObject({ code: 'NAME_TAKEN' })
    } finally {
      await stranger.remove({ force: true })
    }
  })

  it('after an orderly end with on_exit: keep, a claimed sandbox is found again', async () => {
    let it_ = await openHouse({ spares: 1, config: 'on_exit: keep\n' })
    houses.push(it_)
    await spare(it_)
    const got = await it_.engine.call('acquire', { thread: 't' })
    await run(it_, 't', 'echo kept > workspace/a')
    it_ = await it_.reopen()
    houses[0] = it_
    const again = await it_.engine.call('acquire', { thread: 't' })
    expect(again).toMatchObject({ container: got.container, name: it_.nameOf('t') })
    expect(await run(it_, 't', 'cat workspace/a')).toBe('kept')
    // In one question: a spare may be going by the next.
    const labels = (await it_.docker.listContainers({ all: true, filters: { label: [`berth.home=${it_.home}`] } })).map(
      ({ Labels }) => Labels['berth.thread'] ?? '',
    )
    expect(labels.length).toBeGreaterThan(0)
    expect(new Set(labels)).toEqual(new Set(['']))
  })
})

it('a slot that was tried when its engine was killed leaves nothing among the threads', async () => {
  const dir = await tempDir('tried')
  try {
    const home = await openHome(dir.path)
    const slot = 'c'.repeat(16)
    const files = slotFiles(home)
    await files.make(slot)
    await expect(files.prove(slot, () => Promise.resolve('another word'))).resolves.toContain('does not follow')
    // The kill: what stands there in the middle of it.
    const moved = join(home.paths.users, '.berth-moved-0123456789ab')
    await files.prove(slot, async (name) => {
      const [now = ''] = await readdir(home.paths.users)
      await cp(join(home.paths.users, now), moved, { recursive: true })
      return await readFile(join(moved, name), 'utf8')
    })
    await mkdir(join(moved, 'outputs', 'mounted'))
    expect((await readdir(moved)).length).toBe(4)
    await files.tidy()
    expect(await readdir(home.paths.users)).toEqual([])
    expect(await files.state(slot)).toEqual({ kind: 'spare' })
  } finally {
    await dir.remove()
  }
})

it('a slot is claimed once, however many try: and never when it was retired', async () => {
  const dir = await tempDir('once')
  try {
    const home = await openHome(dir.path)
    const slot = 'a'.repeat(16)
    await slotFiles(home).make(slot)
    const places = Array.from({ length: 10 }, (_, n) => ({ id: containerId('default', `t${n}`), user: 'default', thread: `t${n}` }))
    const marks = await Promise.all(places.map((place) => slotFiles(home).claim(slot, place, 's').mark()))
    expect(marks.filter(Boolean)).toHaveLength(1)
    expect(await slotFiles(home).state(slot)).toMatchObject({ kind: 'undone', place: places[marks.indexOf(true)] })
    expect(await slotFiles(home).retire(slot)).toBe(false)
    const second = 'b'.repeat(16)
    await slotFiles(home).make(second)
    expect(await slotFiles(home).retire(second)).toBe(true)
    expect(await slotFiles(home).claim(second, places[0]!, 's').mark()).toBe(false)
  } finally {
    await dir.remove()
  }
})

it('what is in a slot is never overwritten and never deleted: it comes back to its thread, or is told of', async () => {
  const dir = await tempDir('back')
  try {
    const home = await openHome(dir.path)
    const files = slotFiles(home)
    const slot = 'c'.repeat(16)
    const place = { id: containerId('default', 't'), user: 'default', thread: 't' }
    const thread = join(home.path, 'users/default/threads/t/user-data')
    await mkdir(thread, { recursive: true })
    await writeFile(join(thread, 'a'), 'first')
    await files.make(slot)
    const claim = files.claim(slot, place, 's')
    await claim.look()
    await claim.mark()
    await claim.moveIn('a')
    await writeFile(join(thread, 'a'), 'second')
    await expect(files.recover(slot)).rejects.toMatchObject({ code: 'HOME_UNUSABLE', message: expect.stringContaining('user-data/a') })
    await expect(files.drop(slot)).rejects.toMatchObject({ code: 'HOME_UNUSABLE' })
    expect(await readdir(join(home.paths.slots, slot, 'user-data'))).toEqual(['a'])
    await symlink('/etc', join(home.path, 'users/default/threads/link'))
    await expect(files.claim(slot, { ...place, thread: 'link' }, 's').look()).rejects.toMatchObject({ code: 'HOME_UNUSABLE' })
  } finally {
    await dir.remove()
  }
})

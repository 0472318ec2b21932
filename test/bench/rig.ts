import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type BridgeClient } from '../../main/doors/client/client.ts'

const bin = join(import.meta.dirname, '../../bin/berth.mjs')

/** A Berth in a process of its own, in a home of its own, reached over its bridge. */
export interface Rig {
  readonly home: string
  readonly pid: number
  readonly client: BridgeClient
  close(): Promise<void>
}

export async function startRig(name: string, config: string): Promise<Rig> {
  const home = await mkdtemp(join(tmpdir(), `berth-bench-${name}-`))
  await writeFile(join(home, 'config.yaml'), config)
  const child = spawn(process.execPath, ['--max-semi-space-size=2', bin, 'serve', '--home', home], { stdio: ['ignore', 'ignore', 'inherit'] })
  const client = await answering(home, child)
  const { pid } = await client.call('status', {})
  return {
    home,
    pid,
    client,
    async close() {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      await client.call('shutdown', {})
      client.close()
      await ended
      await rm(home, { recursive: true, force: true })
    },
  }
}

async function answering(home: string, child: ChildProcess): Promise<BridgeClient> {
  for (;;) {
    try {
      return await connect(home)
    } catch (error) {
      if (child.exitCode !== null) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

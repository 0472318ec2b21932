import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export interface DeadMount extends AsyncDisposable {
  readonly path: string
  /** Lets go of whoever waits, with an error. */
  end(): Promise<void>
}

/** A FUSE mount that nobody serves: whoever touches it waits, as on a network disk whose server is gone. */
export async function deadMount(): Promise<DeadMount> {
  const path = await mkdtemp(join(tmpdir(), 'berth-dead-'))
  const script = 'exec 5<>/dev/fuse; mount -i -t fuse -o fd=5,rootmode=40000,user_id=0,group_id=0,allow_other dead "$1" && echo mounted; cat'
  const child = spawn('bash', ['-c', script, 'dead-mount', path], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  await Promise.race([once(createInterface(child.stdout), 'line'), exited.then(() => Promise.reject(new Error('no FUSE mount could be made')))])
  const end = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exited
  }
  return {
    path,
    end,
    async [Symbol.asyncDispose]() {
      await end()
      await once(spawn('umount', ['-l', path], { stdio: 'ignore' }), 'exit')
      await rm(path, { recursive: true, force: true })
    },
  }
}

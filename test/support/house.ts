import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Docker from 'dockerode'
import type { Backend } from '../../main/backends/backend.ts'
import { startEngine } from '../../main/engine/engine.ts'
import type { Engine } from '../../main/engine/engine-api.ts'
import { containerId } from '../../main/house/home/generations.ts'
import type { ClaimSteps } from '../../main/core/slot-claim.ts'
import { keepPorts } from './kept-ports.ts'
import { removeContainersOf } from './leftover-containers.ts'
import { tempDir } from './temp-dir.ts'

/** An engine in this process, on a home and with a container prefix of its own; everything of it goes at `close`. */
export interface House {
  readonly home: string
  readonly engine: Engine
  readonly docker: Docker
  readonly prefix: string
  /** Name of a thread's container. */
  nameOf(thread: string, user?: string): string
  /** Names of this house's containers on the engine, in any state. */
  containers(): Promise<string[]>
  /** Closes this engine and opens another on the same home. */
  reopen(options?: { configure?: string }): Promise<House>
  close(): Promise<void>
}

export interface HouseOptions {
  /** YAML; `backend` and `container_prefix` are set already. */
  readonly config?: string
  /** Keys below `sandbox:`. */
  readonly sandbox?: Record<string, unknown>
  /** Default 0: what a suite counts is what it made. */
  readonly spares?: number | 'auto'
  readonly backend?: 'docker' | 'embedded' | 'remote' | 'auto'
  readonly env?: Record<string, string>
  readonly decorate?: (backend: Backend) => Backend
  readonly aroundClaim?: (steps: ClaimSteps) => ClaimSteps
}

export async function openHouse(options: HouseOptions = {}): Promise<House> {
  const dir = await tempDir('house')
  const prefix = `bt${randomBytes(4).toString('hex')}`
  const sandbox = { container_prefix: prefix, ...options.sandbox }
  const lines = Object.entries(sandbox).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}`)
  await writeFile(
    join(dir.path, 'config.yaml'),
    `backend: ${options.backend ?? 'docker'}\nspares: ${options.spares ?? 0}\nsandbox:\n${lines.join('\n')}\n${options.config ?? ''}\n`,
  )
  await keepPorts(dir.path)
  return await openAt(dir, prefix, options)
}

async function openAt(dir: Awaited<ReturnType<typeof tempDir>>, prefix: string, options: HouseOptions): Promise<House> {
  const engine = await startEngine({
    homeDir: dir.path,
    env: { ...process.env, ...options.env },
    log: () => undefined,
    ...(options.decorate ? { decorate: options.decorate } : {}),
    ...(options.aroundClaim ? { aroundClaim: options.aroundClaim } : {}),
  })
  const docker = new Docker(options.env?.['DOCKER_HOST'] ? { socketPath: options.env['DOCKER_HOST'].replace('unix://', '') } : {})
  const ours = () => docker.listContainers({ all: true, filters: { label: [`berth.home=${dir.path}`] } })
  return {
    home: dir.path,
    engine,
    docker,
    prefix,
    nameOf: (thread, user = 'default') => `${prefix}-${containerId(user, thread)}`,
    containers: async () => (await ours()).map(({ Names }) => (Names[0] ?? '').slice(1)),
    async reopen({ configure } = {}) {
      await engine.close()
      if (configure !== undefined) await writeFile(join(dir.path, 'config.yaml'), configure)
      return await openAt(dir, prefix, options)
    },
    async close() {
      await engine.close()
      if (options.backend !== 'embedded' && options.backend !== 'remote') await removeContainersOf(docker, { home: dir.path })
      await dir.remove()
    },
  }
}

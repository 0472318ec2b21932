import { createHash } from 'node:crypto'
import type { Config } from '../shared/config.ts'
import type { Mount } from './backends/backend.ts'
import type { ExtraMount, Extras } from './provider/deps.ts'

/**
 * What a provisioner is asked to mount beside the thread's own files: the configured mounts, whose host paths are its
 * machine's. Nobody can look there from here, so it alone checks them, and refuses.
 */
export function remoteMounts(config: Pick<Config, 'mounts'>): Mount[] {
  return config.mounts.map((mount) => ({ source: mount.host_path, target: mount.container_path, readonly: mount.read_only }))
}

/** Another value means that a sandbox made now would be another one: only what is sent counts, as the rest is not ours to choose. */
export function remoteHash(config: Pick<Config, 'mounts'>): string {
  return createHash('sha256').update(JSON.stringify(remoteMounts(config))).digest('hex').slice(0, 32)
}

/** What a caller wants mounted besides is on its own machine or on this one, and the sandbox is on neither: left out, and said. */
export function noRemoteExtras(wanted: readonly ExtraMount[]): Extras {
  const warnings = wanted.map(({ hostPath, containerPath }) => `Sandboxes are on another machine, so ${hostPath} is not mounted at ${containerPath}`)
  return { mounts: [], hash: '', warnings }
}

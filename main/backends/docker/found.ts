import type Docker from 'dockerode'
import type { Found, Mount, Owner } from '../backend.ts'
import { imageLabel, labelled, ownership } from './labels.ts'

/** Where a sandbox image listens. Ours, started by us, leaves this one to the agent's own programs. */
export const imagePort = 8080
export const litePort = 17878

export interface Reading {
  readonly owner: Owner
  readonly reach: string
}

/** From `GET /containers/{id}/json`. */
export function fromInspect(info: Docker.ContainerInspectInfo, reading: Reading): Found {
  const labels = info.Config.Labels ?? {}
  const state = stateOf(info.State.Paused ? 'paused' : info.State.Status)
  const port = publishedPort(info)
  return {
    ref: info.Id,
    name: info.Name.replace(/^\//, ''),
    state,
    owner: ownership(labels, reading.owner),
    ...labelled(labels),
    image: imageLabel(labels) ?? info.Config.Image,
    // Whole seconds, as a listing has them, so that both ways of asking agree.
    createdAt: Math.floor(Date.parse(info.Created) / 1000) * 1000,
    url: urlOf(state, port, reading.reach),
    exitCode: state === 'exited' ? info.State.ExitCode : null,
    mounts: bindsOf(info.Mounts),
  }
}

/** A sandbox has one, whichever its image listens on. */
export function publishedPort(info: Docker.ContainerInspectInfo): number | null {
  const bindings = Object.values(info.NetworkSettings.Ports ?? {}).find((each) => each?.[0]?.HostPort)
  return bindings?.[0] ? Number(bindings[0].HostPort) : null
}

/** From a row of `GET /containers/json`. */
export function fromListing(row: Docker.ContainerInfo, reading: Reading): Found {
  const labels = row.Labels ?? {}
  const state = stateOf(row.State)
  const port = row.Ports?.find((it) => it.PublicPort)?.PublicPort
  return {
    ref: row.Id,
    name: (row.Names?.[0] ?? '').replace(/^\//, ''),
    state,
    owner: ownership(labels, reading.owner),
    ...labelled(labels),
    image: imageLabel(labels) ?? row.Image,
    createdAt: row.Created * 1000,
    url: urlOf(state, port ?? null, reading.reach),
    // A listing has the code only in its sentence: “Exited (137) 2 minutes ago”, “Dead”.
    exitCode: state === 'exited' ? Number(/\((\d+)\)/.exec(row.Status)?.[1] ?? 0) : null,
    mounts: bindsOf(row.Mounts),
  }
}

function stateOf(engine: string): Found['state'] {
  if (engine === 'running' || engine === 'paused' || engine === 'created') return engine
  // `restarting` is not possible with restart policy `no`; `removing` and `dead` never run again.
  return 'exited'
}

function urlOf(state: Found['state'], port: number | null, reach: string): string | null {
  return port !== null && (state === 'running' || state === 'paused') ? `http://${reach}:${port}` : null
}

function bindsOf(mounts: readonly { Type?: string; Source: string; Destination: string; RW: boolean }[] | undefined): Mount[] {
  return (mounts ?? [])
    .filter((it) => it.Type === 'bind')
    .map((it) => ({ source: it.Source, target: it.Destination, readonly: !it.RW }))
    .toSorted((a, b) => (a.target < b.target ? -1 : 1))
}

import { arch, cpus, release, totalmem } from 'node:os'
import type { BerthEvent } from '../shared/event.ts'
import type { CallResult } from '../shared/contract.ts'
import type { Sandbox } from '../shared/sandbox.ts'
import { redact } from './config/redact.ts'

/** What a report of a problem needs, as one text that a person reads before it goes anywhere. Nothing secret is in it. */
export async function diagnostics(deps: {
  version: string
  doctor: () => Promise<CallResult<'doctor'>>
  config: () => Promise<CallResult<'config'>>
  status: () => Promise<CallResult<'status'>>
  events: () => readonly BerthEvent[]
  sandboxes: () => readonly Sandbox[]
  /** The engine's own log, newest last. */
  log: () => readonly string[]
  /** Every secret that this engine knows. */
  secrets: () => Promise<readonly string[]>
  wall: () => number
}): Promise<CallResult<'diagnostics'>> {
  const [doctor, config, status, secrets] = await Promise.all([deps.doctor(), deps.config(), deps.status(), deps.secrets()])
  const at = new Date(deps.wall()).toISOString()
  const sections: readonly (readonly [string, string])[] = [
    ['Berth', [`version ${deps.version}`, `node ${process.version}`, `${process.platform} ${release()} ${arch()}`, `${cpus().length} CPUs, ${Math.round(totalmem() / 2 ** 20)} MiB`, `made ${at}`].join('\n')],
    ['Doctor', doctor.checks.map(({ status: mark, name, text, fix }) => `${mark.padEnd(5)}${name}: ${text}${fix === null ? '' : `\n     fix: ${fix}`}`).join('\n')],
    ['Status', JSON.stringify(status, null, 2)],
    ['Configuration', config.values.filter(({ source }) => source !== 'default').map(({ key, value, source }) => `${key} = ${JSON.stringify(value)}  (${source})`).join('\n') || 'all defaults'],
    ['Sandboxes', deps.sandboxes().map((it) => JSON.stringify({ ...it, url: null })).join('\n') || 'none'],
    ['Events', deps.events().map((event) => JSON.stringify(event)).join('\n') || 'none'],
    ['Log', deps.log().join('\n') || 'nothing was logged'],
  ]
  const text = sections.map(([title, body]) => `== ${title} ==\n${body}\n`).join('\n')
  return { name: `berth-diagnostics-${at.replaceAll(/[:.]/g, '-')}.txt`, text: withoutPatterns(redact(text, secrets)) }
}

/** Secrets by their form, for those that this engine never knew: tokens of the house, capability addresses, passwords in addresses. */
export function withoutPatterns(text: string): string {
  return text
    .replaceAll(/\be2b_[0-9a-f]{16,}/g, '[secret]')
    .replaceAll(/\bbu_[\w-]{20,}/g, '[secret]')
    .replaceAll(/(\/s\/[0-9a-f]{16})\.[\w-]{8,}/g, '$1.[secret]')
    .replaceAll(/(:\/\/)[^\s/@"]+@/g, '$1[secret]@')
    .replaceAll(/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, '[secret]')
}

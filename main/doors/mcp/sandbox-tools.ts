import { z } from 'zod'
import { calls, type CallResult } from '../../../shared/contract.ts'
import type { Sandbox } from '../../../shared/sandbox.ts'
import { contentLimit, firstThatFit } from './answers.ts'
import { onlySelection, where } from './place.ts'
import { hints, tool, type Tool } from './tool.ts'

/** Getting, seeing and ending sandboxes. */
export const sandboxTools: readonly Tool[] = [
  tool({
    name: 'sandbox_acquire',
    title: 'Get a sandbox',
    description: ({ ownThread }) =>
      'Get the sandbox (a Linux container) of a thread: the one that is running, or a new one. Calling it again is harmless. ' +
      `The other tools do this by themselves where needed; call it ${ownThread ? 'to name a thread of your own, ' : ''}to start early, or to learn the ` +
      'address. Files below /mnt/user-data (workspace, uploads, outputs) outlive the sandbox; everything else ends with it.',
    annotations: hints('write', { idempotentHint: true }),
    input: z.strictObject({ thread: where.thread, timeout: calls.acquire.input.shape.timeout }),
    output: calls.acquire.result,
    async run({ thread: named, timeout }, { session, signal, progress }) {
      const thread = session.threadToAcquire(named)
      const got = await session.acquire({ thread, timeout }, { signal, onChunk: (chunk) => progress.say(chunk.text) })
      return { text: acquiredText(got), data: got }
    },
  }),
  tool({
    name: 'sandbox_list',
    title: 'List sandboxes',
    description: 'List the sandboxes that exist, with their threads, states and holders: active ones first, then warm ones, which nobody holds.',
    annotations: hints('read'),
    input: z.strictObject({ status: calls.list.input.shape.status }),
    output: calls.list.result.extend({ truncated: z.boolean().describe('There are more than fit into one answer.') }),
    async run({ status }, { session, signal }) {
      const all = await session.calls.call('list', { status, user: session.user }, { signal })
      const sandboxes = firstThatFit(all.sandboxes, contentLimit)
      const more = all.sandboxes.length - sandboxes.length
      const lines = [...sandboxes.map(lineOf), ...(more > 0 ? [`(${more} more are left out)`] : []), `${all.counted} of ${all.replicas} places are taken.`]
      return { text: lines.join('\n'), data: { ...all, sandboxes, truncated: more > 0 } }
    },
  }),
  tool({
    name: 'sandbox_release',
    title: 'Release a sandbox',
    description: ({ endsHolds }) =>
      'Say that you no longer need a sandbox. It stays warm for a while, with everything in it, and is then ended; files below ' +
      '/mnt/user-data stay. Releasing twice is harmless. ' +
      (endsHolds ? 'The end of the session releases everything by itself.' : 'Nothing else releases it but being idle for long.'),
    annotations: hints('write', { idempotentHint: true }),
    input: onlySelection,
    output: calls.release.result,
    async run({ id, thread }, { session, signal }) {
      const done = await session.release(id === undefined ? { thread: session.threadOf(thread) } : { id }, { signal })
      const state = done.sandbox ? ` The sandbox is ${done.sandbox.status}.` : ''
      return { text: `${done.released ? 'Released.' : 'You did not hold it.'}${state}`, data: done }
    },
  }),
  tool({
    name: 'sandbox_destroy',
    title: 'Destroy a sandbox',
    description:
      'Stop and remove a sandbox now, whoever uses it: its processes and everything outside /mnt/user-data are lost; the files of its ' +
      'thread stay. The next call for the thread starts a fresh one. Use it to get rid of a broken sandbox; otherwise release it.',
    annotations: hints('destroy'),
    input: onlySelection,
    output: calls.destroy.result,
    async run({ id, thread }, { session, signal }) {
      const selection = id === undefined ? { thread: session.threadOf(thread), user: session.user } : { id }
      const done = await session.calls.call('destroy', selection, { signal })
      return { text: done.destroyed ? 'Destroyed. The files below /mnt/user-data are still there.' : 'There was no such sandbox.', data: done }
    },
  }),
]

function acquiredText(it: CallResult<'acquire'>): string {
  const how = { reuse: 'was running', warm: 'was kept warm', found: 'was found again', slot: 'was a spare one', cold: 'was started' }[it.path]
  return [
    `Sandbox ${it.id} of thread ${it.thread ?? '-'} is ready (it ${how}).`,
    it.was_replaced ? 'It was replaced since you last had it: only what is below /mnt/user-data is still there.' : '',
    'Work in /mnt/user-data/workspace; uploads are in /mnt/user-data/uploads; put results into /mnt/user-data/outputs.',
    it.url === null ? '' : `Its HTTP API is at ${it.url}`,
    ...it.warnings.map((warning) => `Warning: ${warning}`),
  ]
    .filter((line) => line !== '')
    .join('\n')
}

function lineOf(it: Sandbox): string {
  const holders = it.holders.map(({ holder, name }) => name ?? holder).join(', ')
  const error = it.error ? `, ${it.error.code}: ${it.error.message}` : ''
  return `${it.status} ${it.id} thread ${it.thread ?? '-'}${holders === '' ? '' : `, held by ${holders}`}${error}`
}

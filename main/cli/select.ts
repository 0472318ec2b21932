import type { Command } from 'commander'
import { fail } from '../../shared/errors.ts'

export interface SelectOptions {
  readonly id?: string
  readonly thread?: string
  readonly user?: string
}

/** Exactly one of `id` and `thread`, as a call's input wants it. */
export interface Picked {
  id?: string
  thread?: string
  user?: string
}

/** Adds the ways to name one sandbox. */
export function selectable(command: Command): Command {
  return command
    .option('-t, --thread <thread>', 'the sandbox of this thread')
    .option('--user <user>', 'whose thread (default: default)')
    .option('--id <id>', 'the sandbox by its id; may also stand first among the operands')
}

/** The sandbox that is meant, and the operands left: without --thread and --id the first of them is the id. */
export function pick(options: SelectOptions, operands: readonly string[]): { at: Picked; rest: readonly string[] } {
  const user = options.user === undefined ? {} : { user: options.user }
  if (options.thread !== undefined && options.id !== undefined) throw usage('--thread and --id name one sandbox twice')
  if (options.thread !== undefined) return { at: { thread: options.thread, ...user }, rest: operands }
  if (options.id !== undefined) return { at: { id: options.id }, rest: operands }
  const [id, ...rest] = operands
  if (id === undefined) throw usage('Which sandbox? Neither an id nor --thread is given')
  return { at: { id }, rest }
}

/** The only operand that is left. */
export function single(rest: readonly string[], what: string): string {
  const [it] = rest
  if (it === undefined) throw usage(`${what} is missing`)
  none(rest.slice(1))
  return it
}

/** No operand is left. */
export function none(rest: readonly string[]): void {
  if (rest.length > 0) throw usage(`${JSON.stringify(rest[0])} is one operand too many`)
}

export function usage(message: string): Error {
  return fail('BAD_INPUT', message, { next: 'See `berth help COMMAND` for examples.' })
}

/** An option's value as a number. */
export function numeric(value: string): number {
  const number = Number(value)
  if (value.trim() === '' || !Number.isFinite(number)) throw usage(`${JSON.stringify(value)} is not a number`)
  return number
}

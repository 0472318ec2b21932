// Everything in scripts/lib runs before any dependency is there and on whatever Node npm came with: plain modules
// for Node 20, no packages.
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** The clone's own directory. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..')

/** @param {...string} parts */
export function inRoot(...parts) {
  return path.join(root, ...parts)
}

/**
 * One line of progress. On stderr, so that what a program prints can still be piped.
 * @param {string} line
 */
export function say(line) {
  process.stderr.write(`berth: ${line}\n`)
}

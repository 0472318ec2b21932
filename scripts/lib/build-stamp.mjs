import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { inRoot } from './root.mjs'

/** Holds the digest of the sources that out/ was built from; written last, so a build that broke off has none. */
export const stampFile = inRoot('out', '.stamp')

/** What is built from: a change in any of these makes out/ outdated. */
const sources = ['main', 'shared', 'app', 'renderer', 'build', 'scripts/build.mjs', 'package.json', 'package-lock.json']

/** About 20 ms: contents, not times, so that neither a checkout nor a copy builds again. */
export function sourceDigest() {
  const hash = createHash('sha256')
  for (const name of sources) add(hash, name)
  return hash.digest('hex')
}

export function buildIsCurrent() {
  return existsSync(stampFile) && readFileSync(stampFile, 'utf8') === sourceDigest()
}

/** @param {import('node:crypto').Hash} hash @param {string} name */
function add(hash, name) {
  const entries = name.includes('.') ? null : readdirSync(inRoot(name), { withFileTypes: true })
  if (!entries) {
    hash.update(name).update('\0').update(readFileSync(inRoot(name))).update('\0')
    return
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const below = `${name}/${entry.name}`
    if (entry.isDirectory()) add(hash, below)
    else if (entry.isFile()) hash.update(below).update('\0').update(readFileSync(inRoot(below))).update('\0')
  }
}

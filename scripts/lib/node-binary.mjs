import { existsSync, realpathSync } from 'node:fs'
import { inRoot } from './root.mjs'

/** The Node that Berth is written for. */
const major = 24

/**
 * Node 24: the one that npm's optional `node-<platform>` package brought, else the one that runs this, if it is new
 * enough (platforms for which there is no such package).
 * @returns {string | null}
 */
export function nodeBinary() {
  const windows = process.platform === 'win32'
  const shipped = inRoot('node_modules', `node-${windows ? 'win' : process.platform}-${process.arch}`, 'bin', windows ? 'node.exe' : 'node')
  if (existsSync(shipped)) return realpathSync(shipped)
  return Number(process.versions.node.split('.')[0]) >= major ? process.execPath : null
}

export const noNode = `Berth runs on Node ${major}. npm has no package with it for ${process.platform}-${process.arch}: install Node ${major} and try again.`

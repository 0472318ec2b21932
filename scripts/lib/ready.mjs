import { buildIsCurrent } from './build-stamp.mjs'
import { runOnNode } from './child.mjs'
import { ensureInstalled } from './install.mjs'
import { inRoot, say } from './root.mjs'

/** Ends this process, with the reason, on a Node too old even for the launcher. */
export function requireNode20() {
  if (Number(process.versions.node.split('.')[0]) >= 20) return
  say(`this is Node ${process.versions.node}; Berth needs Node 20 or newer to start (it brings its own Node 24).`)
  process.exit(1)
}

/** Dependencies, or this process ends. */
export async function needDependencies() {
  requireNode20()
  if (!(await ensureInstalled())) process.exit(1)
}

/** out/ built from the sources that are here, or this process ends. */
export async function needBuild() {
  if (buildIsCurrent()) return
  say('building out/ ...')
  const { code } = await runOnNode([inRoot('scripts', 'build.mjs'), '--quiet'])
  if (code === 0) return
  say('the build failed; what it said is above.')
  process.exit(1)
}

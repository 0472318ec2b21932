// npm start: everything from a bare clone to the desktop app or, without a display, without Electron and as root, to a running
// engine that serves the same screens. Arguments are those of `berth serve`.
import { endLike, runOnNode } from './lib/child.mjs'
import { openDesktop } from './lib/electron.mjs'
import { needIsolation } from './lib/isolation.mjs'
import { needBuild, needDependencies } from './lib/ready.mjs'
import { inRoot } from './lib/root.mjs'

const args = process.argv.slice(2)
await needDependencies()
await needBuild()
await needIsolation()
endLike((await openDesktop(args)) ?? (await runOnNode(['--max-semi-space-size=2', '--disable-warning=DEP0169', inRoot('bin', 'berth.mjs'), 'serve', ...args])))

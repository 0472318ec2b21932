// npm start: everything from a bare clone to a running engine.
import { endLike, runOnNode } from './lib/child.mjs'
import { needIsolation } from './lib/isolation.mjs'
import { needBuild, needDependencies } from './lib/ready.mjs'
import { inRoot } from './lib/root.mjs'

await needDependencies()
await needBuild()
await needIsolation()
endLike(await runOnNode(['--max-semi-space-size=2', inRoot('bin', 'berth.mjs'), 'serve', ...process.argv.slice(2)]))

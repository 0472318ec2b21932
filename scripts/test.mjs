// npm test: everything from a bare clone to the last suite. Arguments are those of suites/all-suites.ts.
import { endLike, runOnNode } from './lib/child.mjs'
import { needDependencies } from './lib/ready.mjs'
import { inRoot } from './lib/root.mjs'

await needDependencies()
endLike(await runOnNode([inRoot('scripts', 'suites', 'all-suites.ts'), ...process.argv.slice(2)]))

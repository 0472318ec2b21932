import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runSoak } from './run-soak.ts'

const { values } = parseArgs({ options: { threads: { type: 'string', default: '1000' }, backend: { type: 'string', default: 'docker' } } })
const home = await mkdtemp(join(tmpdir(), 'berth-soak-'))
await writeFile(join(home, 'config.yaml'), `backend: ${values.backend}\nspares: 2\nsandbox:\n  container_prefix: berthsoak\n  replicas: 10\n`)
const found = await runSoak(home, { threads: Number(values.threads), say: (text) => process.stderr.write(`\r${text.padEnd(60)}`) })
process.stderr.write('\n')
console.log(JSON.stringify(found, null, 2))
await rm(home, { recursive: true, force: true })
process.exit(found.leaks.length === 0 ? 0 : 1)

import { openPortRig } from './sandbox-port.ts'

/**
 * `sandbox-port-process.ts {"ID":"URL",...}`: the sandbox port in a process of its own, so that its memory can be measured.
 * Says its port, its pid and what lets one in; ends with its standard input.
 */
const addresses = JSON.parse(process.argv[2] ?? '{}') as Record<string, string>
const rig = await openPortRig(addresses, { limits: { head: 2000, bodyIdle: 2000 } })
const ids = Object.keys(addresses)
process.stdout.write(
  `${JSON.stringify({ port: rig.port, pid: process.pid, secrets: ids.map((id) => rig.capabilities.of('path', id)), cookies: ids.map((id) => rig.cookie(id)) })}\n`,
)
process.stdin.on('end', () => void rig.close().then(() => process.exit(0))).resume()

import { readFileSync, rmSync } from 'node:fs'
import '../../main/sandbox-server/entry.ts'

// The real lite server, with a mouth: whatever appears in /tmp/berth-say becomes a line of its own log.
setInterval(() => {
  try {
    const text = readFileSync('/tmp/berth-say', 'utf8')
    rmSync('/tmp/berth-say')
    console.log(text)
  } catch {
    // Nothing to say.
  }
}, 20).unref()

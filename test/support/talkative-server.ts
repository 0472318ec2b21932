import { readFileSync, rmSync } from 'node:fs'
import '../../main/sandbox-server/entry.ts'

// The real lite server, with a mouth: whatever appears in ~/.berth-say becomes a line of its own log.
const mouth = `${process.env['HOME']}/.berth-say`
setInterval(() => {
  try {
    const text = readFileSync(mouth, 'utf8')
    rmSync(mouth)
    console.log(text)
  } catch {
    // Nothing to say.
  }
}, 20).unref()

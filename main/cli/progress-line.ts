import type { Progress } from '../../shared/sandbox.ts'
import { shownText } from '../../shared/shown-text.ts'
import type { Io } from './io.ts'
import { byteSize } from './text.ts'

/** Shows a long step on standard error: one line that changes on a terminal, one line for each step elsewhere. */
export function progressLine(io: Io): { show(progress: Progress): void; end(): void } {
  let lastStep = ''
  let drawn = false
  return {
    show(given) {
      const progress = { ...given, text: shownText(given.text) }
      if (io.stderr.isTTY) {
        const line = `${progress.text}${amount(progress)}`
        io.stderr.write(`\r\u001B[2K${line.slice(0, (io.stderr.columns ?? 80) - 1)}`)
        drawn = true
      } else if (progress.step !== lastStep) {
        io.stderr.write(`${progress.text}\n`)
      }
      lastStep = progress.step
    },
    end() {
      if (drawn) io.stderr.write('\r\u001B[2K')
      drawn = false
    },
  }
}

function amount({ step, done, total }: Progress): string {
  if (done === null) return ''
  const say = step === 'image-pull' ? byteSize : String
  return total === null ? ` ${say(done)}` : ` ${say(done)} of ${say(total)}`
}

import { writeFile } from 'node:fs/promises'
import { fail } from '../../shared/errors.ts'

/** Writes a text where a dialog said. */
export async function saveTextTo(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text)
  } catch (cause) {
    throw fail('FILE_DENIED', `${file} could not be written`, { next: 'Choose another place.', cause })
  }
}

import type { Endpoint } from '../../shared/wire/endpoint.ts'
import { toErrorData } from '../../shared/errors.ts'
import type { Dialogs } from '../system/system.ts'
import { saveTextTo } from './native-calls.ts'

const shown = 1800

/** Help > Export diagnostics: what it holds is shown before it is written anywhere. */
export async function exportDiagnostics({ endpoint, dialogs }: { endpoint: () => Endpoint; dialogs: Dialogs }): Promise<void> {
  try {
    const { name, text } = await endpoint().call('diagnostics', {})
    const save = await dialogs.ask({
      kind: 'info',
      message: 'Save this report?',
      detail: `${text.length > shown ? `${text.slice(0, shown)}\n…` : text}\n\n${Math.ceil(text.length / 1024)} KiB in all. Tokens and secrets are left out; paths and names of threads are in it. Nothing is sent anywhere.`,
      buttons: ['Save…', 'Cancel'],
      yes: 0,
      no: 1,
    })
    if (save !== 0) return
    const file = await dialogs.saveFile({ title: 'Save diagnostics', name })
    if (file !== null) await saveTextTo(file, text)
  } catch (thrown) {
    const error = toErrorData(thrown)
    dialogs.error('Diagnostics could not be exported', `${error.message}\n${error.next}`)
  }
}

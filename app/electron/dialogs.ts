import { dialog } from 'electron'
import type { Dialogs } from '../system/dialogs.ts'

export function electronDialogs(): Dialogs {
  return {
    async ask({ kind, message, detail, buttons, yes, no }) {
      const { response } = await dialog.showMessageBox({
        type: kind, message, buttons: [...buttons], defaultId: yes, cancelId: no, noLink: true, ...(detail === undefined ? {} : { detail }),
      })
      return response
    },
    async saveFile({ title, name }) {
      const { canceled, filePath } = await dialog.showSaveDialog({ title, defaultPath: name })
      return canceled || !filePath ? null : filePath
    },
    error: (title, text) => dialog.showErrorBox(title, text),
  }
}

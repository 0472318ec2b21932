import { orAborted } from '../../shared/abort.ts'
import { fail } from '../../shared/errors.ts'
import type { PreloadApi } from '../../shared/wire/preload-api.ts'
import { valueOf } from './port-connector.ts'
import type { Native } from './native.ts'

/** The native things of the shell, through the preload. */
export function electronNative({ native }: PreloadApi): Native {
  return {
    kind: 'electron',
    reveal: async (path) => valueOf(await native.reveal(path)),
    openDirectory: async (sandbox, which) => valueOf(await native.openDirectory(sandbox, which)),
    copy: async (text) => void valueOf(await native.copy(text)),
    copyToken: async () => void valueOf(await native.copyToken()),
    copyAddress: async (sandbox, where) => void valueOf(await native.copyAddress(sandbox, where)),
    openLink: async (url) => void valueOf(await native.openLink(url)),
    download: async (file) => valueOf(await native.download(file)),
    upload: async (to, files, onProgress, signal) => valueOf(await orAborted(native.upload(to, files, onProgress), signal, notWaitedFor)),
    saveText: async (name, text) => valueOf(await native.saveText(name, text)),
    setTheme: (theme) => void native.setTheme(theme),
    onCommand: (listener) => native.onCommand(listener),
    shell: {
      read: async () => valueOf(await native.shellSettings()),
      setLogin: async (on) => void valueOf(await native.setLogin(on)),
      installCommand: async () => valueOf(await native.installCommand()),
    },
  }
}

/** The shell's transfer has no way back: a page can only stop to wait for it. */
function notWaitedFor(): Error {
  return fail('CANCELLED', 'The upload is not waited for any more', { next: 'What is under way may still arrive.' })
}

import { contextBridge, ipcRenderer, webUtils } from 'electron'
import { type Answer, type EngineState, pipeMessage, type PreloadApi } from '../../shared/wire/preload-api.ts'
import { channels } from '../ipc/channels.ts'
import { latest, preloadNative } from '../ipc/page-native.ts'

// The one file that acts when it is loaded: that is what a preload is for.
const engine = latest<EngineState>()
const commands = latest<string>()
const progress = latest<{ transfer: number; done: number; total: number }>()

ipcRenderer.on(channels.engine, (_event, state: EngineState) => engine.heard(state))
ipcRenderer.on(channels.progress, (_event, news: { transfer: number; done: number; total: number }) => progress.heard(news))
ipcRenderer.on(channels.command, (_event, name: string) => {
  // Where to is the page's address; the rest it does itself.
  if (name.startsWith('go:')) location.hash = name.slice('go:'.length)
  else commands.heard(name)
})
// Nobody but this window hears it: the page in it, which the shell has looked at.
ipcRenderer.on(channels.pipe, (event) => window.postMessage(pipeMessage, '*', event.ports))
// Not at once: the shell asks which page it is, and this runs before there is one. The page's own scripts come later still.
document.addEventListener('readystatechange', () => ipcRenderer.send(channels.loaded), { once: true })

const api: PreloadApi = {
  openPipe: () => ipcRenderer.send(channels.pipe),
  onEngine: (listener) => engine.listen(listener),
  native: preloadNative({
    ask: (name, ...args) => ipcRenderer.invoke(channels.native, name, ...args) as Promise<Answer>,
    pathOf: (file) => webUtils.getPathForFile(file as File),
    onCommand: (listener) => commands.later(listener),
    onProgress: (listener) => progress.later(listener),
  }),
}
contextBridge.exposeInMainWorld('berth', api)
